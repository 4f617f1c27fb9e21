"""Makes surfaces.json: loss, gradient, Hessian and eigenvalues of every surface, by torch's automatic differentiation.

    python tests/golden/surfaces.py           (needs torch; made with torch 2.13.0, in float64)

Every formula is written out here a second time, by hand, so that no mistake in optim_core's can repeat itself.
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)


def product(a, b, x, y):
    return (y - a * b * x) ** 2


def bowl(a, b, kappa, angle):
    angle = torch.tensor(angle)
    turn = torch.stack([torch.cos(angle), torch.sin(angle), -torch.sin(angle), torch.cos(angle)]).reshape(2, 2)
    u = turn @ torch.stack([a, b])
    return (u * u / torch.tensor([kappa, 1.0])).sum() / 2


def rosenbrock(a, b):
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2


def beale(a, b):
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def himmelblau(a, b):
    return (a * a + b - 11) ** 2 + (a + b * b - 7) ** 2


def styblinski_tang(a, b):
    w = torch.stack([a, b])
    return (w**4 - 16 * w**2 + 5 * w).sum() / 2


def monkey_saddle(a, b):
    return a**3 - 3 * a * b**2


# What a student may type, and the same in torch.
TYPED = {
    "w1^4 - 2*w1*w2 + w2**2": lambda a, b: a**4 - 2 * a * b + b**2,
    "exp(-(w1 - 1)^2 - w2^2/2) - 0.3*w1": lambda a, b: torch.exp(-((a - 1) ** 2) - b**2 / 2) - 0.3 * a,
    "(1 - tanh(w2*tanh(w1)))^2": lambda a, b: (1 - torch.tanh(b * torch.tanh(a))) ** 2,
    "sin(3*w1)*cos(w2) + atan(w1*w2)/pi": lambda a, b: torch.sin(3 * a) * torch.cos(b) + torch.atan(a * b) / torch.pi,
    "log(1 + e^(w1 - w2)) + sqrt(1 + w2^2)": lambda a, b: torch.log(1 + torch.exp(a - b)) + torch.sqrt(1 + b**2),
    "sinh(w1/2)*cosh(w2) - tan(w1*w2/5) + 2^w1": (
        lambda a, b: torch.sinh(a / 2) * torch.cosh(b) - torch.tan(a * b / 5) + 2**a
    ),
}
CASES = [  # new ones last: a case's place in this list is the seed of its points
    *(("product", product, dict(x=x, y=y)) for x, y in [(1.0, 1.0), (2.0, -0.5), (-0.3, 4.0), (1.0, 0.0), (0.0, 1.0)]),
    *(("bowl", bowl, dict(kappa=k, angle=a)) for k, a in [(1.0, 0.0), (10.0, 0.0), (100.0, 0.7), (1e4, -2.0)]),
    *((f.__name__, f, {}) for f in (rosenbrock, beale, himmelblau, styblinski_tang, monkey_saddle)),
    *((text, f, {}) for text, f in TYPED.items()),
]


def main():
    cases = []
    for number, (name, formula, parameters) in enumerate(CASES):
        w = 1.5 * torch.randn(16, 2, generator=torch.Generator().manual_seed(number))

        def loss(point, formula=formula, parameters=parameters):
            return formula(point[0], point[1], **parameters)

        hessian = torch.stack([torch.autograd.functional.hessian(loss, point) for point in w])
        values = {
            "w": w,
            "loss": torch.stack([loss(point) for point in w]),
            "grad": torch.stack([torch.autograd.functional.jacobian(loss, point) for point in w]),
            "hessian": hessian,
            "eigenvalues": torch.linalg.eigvalsh(hessian),
        }
        cases.append({"name": name, "parameters": parameters, **{key: value.tolist() for key, value in values.items()}})
    lines = ",\n".join(json.dumps(case) for case in cases)
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
