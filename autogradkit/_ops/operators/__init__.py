"""What `torch.ops` has: operators by namespace, name and overload, each with its schema.

`overloads` is what an operator is and how it is called, `declared` finds those that are declared here (`torch.ops.aten`),
`namespaces` has `ops` itself, to which `torch.library` adds. Loaded when somebody names `torch.ops`.
"""
