"""Pictures to learn from: data sets, transforms and models under torchvision's names. Rests on nn and utils.data."""
