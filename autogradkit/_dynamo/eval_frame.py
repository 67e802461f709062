"""`torch._dynamo.eval_frame`, by which packages tell a module that `compile` made."""

from autogradkit.nn.modules.optimized import OptimizedModule as OptimizedModule
