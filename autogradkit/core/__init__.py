"""What a tensor is: dtype, device, storage, tensor, views, strides, indexing, printing, random streams, messages."""
