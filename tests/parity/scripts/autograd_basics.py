"""First steps with gradients: backward, accumulation, no_grad, detach, higher orders, hooks, and what is refused."""

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x**2).sum()
print(y, y.grad_fn.name(), x.is_leaf, y.is_leaf)
y.backward()
print(x.grad)
(3 * x).sum().backward()
print(x.grad)
x.grad.zero_()
with torch.no_grad():
    print((x * 2).requires_grad)
print(x.detach().requires_grad, x.detach().data_ptr() == x.data_ptr())

v = torch.tensor([0.1, 1.0, 0.001])
z = x * 2
while z.norm() < 100:
    z = z * 2
z.backward(v)
print(z, x.grad)

w = torch.tensor(2.0, requires_grad=True)
(first,) = torch.autograd.grad(w**4, w, create_graph=True)
(second,) = torch.autograd.grad(first, w)
print(first, second)
print(torch.autograd.functional.jacobian(lambda t: t**2, torch.tensor([1.0, 2.0])))
print(torch.autograd.functional.hessian(lambda t: (t**3).sum(), torch.tensor([1.0, 2.0])))

a = torch.ones(2, requires_grad=True)
handle = a.register_hook(lambda grad: grad * 10)
inner = a * 3
inner.retain_grad()
inner.sum().backward()
print(a.grad, inner.grad)
handle.remove()

b = torch.rand(2, requires_grad=True)
for wrong in (
    lambda: (b * 2).backward(),
    lambda: torch.ones(2).sum().backward(),
    lambda: b.add_(1),
    lambda: b.numpy(),
    lambda: torch.tensor([1, 2], requires_grad=True),
):
    try:
        wrong()
    except RuntimeError as error:
        print(error)
loss = (b**2).sum()
loss.backward()
try:
    loss.backward()
except RuntimeError as error:
    print(error)
out = b.exp()
out.mul_(2)
try:
    out.sum().backward()
except RuntimeError as error:
    print(error)
