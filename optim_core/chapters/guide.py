"""Ways into the collection: a glossary, what to do when a training goes wrong, and paths through the chapters.

Data, and the Markdown that the first notebook shows of it. A place is (number of the notebook, one of its headings);
a test looks whether the heading is there, and whether the term stands under it.

    link("05", "Nesterov: look before you leap")     [05](05_momentum.ipynb#Nesterov:-look-before-you-leap)
    glossary()                                       a table: English, 中文, what it is, where it is told
    problems()                                       a table: what you see, or ask, and where to look
    paths()                                          a list: one evening, a week, a semester
"""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from . import NOTEBOOKS, between, chapters, with_table


class Term(NamedTuple):
    """A term of the glossary; word: how it is written where it is told, if not like this."""

    english: str
    chinese: str
    meaning: str
    number: str
    heading: str
    word: str = ""


class Problem(NamedTuple):
    """What somebody sees of a training or asks about it, what it may be, and the places that show it."""

    seen: str
    may_be: str
    places: tuple


# fmt: off
TERMS = [
    Term("activation", "激活函数", "the bend between two layers: tanh, relu", "09", "09 · Scale and initialization"),
    Term("AdaDelta", "AdaDelta", "RMSProp with the size of past steps in place of η",
         "06", "AdaDelta: a method without a learning rate?"),
    Term("AdaGrad", "AdaGrad", "each parameter's η, divided by the root of its summed squared gradients",
         "06", "The equation"),
    Term("Adam", "Adam", "an average of gradients over the root of an average of squares, both corrected",
         "07", "What happened"),
    Term("AdamW", "AdamW", "Adam with the decay beside the step", "07", "Decay: inside the gradient, or beside it?"),
    Term("adaptive learning rate", "自适应学习率", "a rate for each parameter, set by its gradients",
         "06", "06 · Adaptive rates", "adaptive"),
    Term("AMSGrad", "AMSGrad", "Adam that divides by the largest v so far", "07", "How rare may news be?"),
    Term("backpropagation", "反向传播", "the chain rule, from the loss back to the first layer",
         "01", "Is the slope right?"),
    Term("batch normalization", "批量归一化", "mean 0 and variance 1 for each feature, over the batch",
         "10", "Who shares a mean?"),
    Term("batch size", "批量大小", "how many examples a step sees, B", "04", "04 · Batches"),
    Term("bias correction", "偏差修正", "a moving average divided by the weight that is not on its start",
         "07", "07 · Adam"),
    Term("capacity", "模型容量", "how much a model can bend", "13", "First, commit yourself"),
    Term("catapult", "弹射", "a loss that leaps up, gets to a flatter place, and comes down", "03", "The edge, seen"),
    Term("condition number", "条件数", "the largest curvature over the smallest, κ", "05", "First, commit yourself"),
    Term("contour line", "等高线", "joins points of equal loss", "00", "What you saw: a network with two weights"),
    Term("convex", "凸", "bending downwards in no direction", "11", "From logits to weights"),
    Term("cosine schedule", "余弦调度", "a rate that falls like half a wave", "08", "The equation, and the shapes",
         "cosine"),
    Term("critical batch size", "临界批量大小", "beyond it, more examples in a step hardly save steps",
         "04", "How large a batch?"),
    Term("critical point", "临界点", "a place where the gradient is zero", "02", "02 · Critical points"),
    Term("cross-entropy", "交叉熵", "minus the logarithm of the probability of the right class",
         "11", "First, commit yourself"),
    Term("curvature", "曲率", "how fast the slope changes, λ", "01", "Try it"),
    Term("dead unit", "死亡单元", "a unit that gives 0 for every example, and learns nothing", "15", "Try it: the ward",
         "dead"),
    Term("double descent", "双下降", "the error on new examples falls again beyond as many weights as examples",
         "13", "The curve that turns over"),
    Term("dropout", "随机失活", "numbers of a layer set to 0 at random, in training only", "13", "Dropout"),
    Term("early stopping", "早停", "stop when the held-out loss no longer falls", "13", "Three knobs on a network"),
    Term("edge of stability", "稳定性边缘", "training on at a sharpness of about 2/η", "03", "A network at the edge"),
    Term("effective learning rate", "有效学习率", "what really multiplies the gradient: with momentum η/(1 − μ)",
         "05", "The equation", "effective"),
    Term("eigenvalue", "特征值", "the curvature along a direction that a matrix only stretches",
         "02", "The equation: gradient, Hessian, eigenvalues", "eigenvalues"),
    Term("eigenvector", "特征向量", "such a direction", "02", "The equation: gradient, Hessian, eigenvalues",
         "eigenvectors"),
    Term("epoch", "轮", "one pass through the data", "04", "First, commit yourself"),
    Term("error surface", "误差曲面", "the loss as a height over the weights",
         "00", "What you saw: a network with two weights"),
    Term("exploding gradient", "梯度爆炸", "a gradient that grows from layer to layer, or from time step to time step",
         "12", "Where exploding gradients come from", "explodes"),
    Term("exponential moving average", "指数移动平均", "an average whose weights fade by β a step",
         "07", "First, commit yourself"),
    Term("generalisation", "泛化", "doing well on examples that were not seen", "13", "13 · Regularization",
         "generalise"),
    Term("gradient", "梯度", "the slopes in all directions; points uphill",
         "00", "What you saw: a network with two weights"),
    Term("gradient accumulation", "梯度累积", "one step with the mean of several mini-batches' gradients",
         "04", "The equation"),
    Term("gradient check", "梯度检验", "a derivative compared with a difference of two losses",
         "01", "Is the slope right?"),
    Term("gradient clipping", "梯度截断", "shortening a gradient that is too long", "12", "First, commit yourself",
         "clip"),
    Term("gradient descent", "梯度下降", "a step down the slope, again and again", "00", "Commit yourself, then look"),
    Term("gradient norm", "梯度范数", "its length: how steep it is", "00", "What you saw: a network with two weights"),
    Term("grid search", "网格搜索", "trying every combination of a few values", "15", "Grid or random", "grid"),
    Term("grokking", "顿悟", "generalising long after the examples are fitted", "13", "Grokking: it generalises late"),
    Term("heavy ball", "重球法", "a part of the last step, and η times the gradient", "05", "First, commit yourself"),
    Term("He's rule", "何恺明初始化", "variance 2/n for relu", "09", "How large should a weight be?"),
    Term("Hessian", "海森矩阵", "the matrix of second derivatives", "02", "The surface as a parabola"),
    Term("held-out data", "留出数据", "examples that took no part in the training", "13", "First, commit yourself",
         "held out"),
    Term("initialization", "初始化", "how the first weights are drawn", "09", "How large should a weight be?",
         "each layer multiplies the mean square"),
    Term("L2 penalty", "L2 惩罚", "λ/2n times the sum of the squared weights, in the loss",
         "13", "A penalty on large weights"),
    Term("layer normalization", "层归一化", "mean 0 and variance 1 over the numbers of one example",
         "10", "Who shares a mean?"),
    Term("learning curve", "学习曲线", "the loss against the steps", "03", "Six learning curves, and the fork test"),
    Term("learning rate", "学习率", "how far a step goes for a given slope, η", "01", "First, commit yourself"),
    Term("learning-rate schedule", "学习率调度", "a rate that changes during training", "08", "08 · Schedules",
         "schedule"),
    Term("linear scaling rule", "线性缩放规则", "a batch k times as large bears an η k times as large",
         "04", "A published result: the linear scaling rule", "linear scaling rule"),
    Term("Lion", "Lion", "the sign of an average of gradients", "16", "What happened"),
    Term("local minimum", "局部最小", "lowest of its neighbourhood", "02", "Four answers, not three", "local"),
    Term("logit", "对数几率", "a score before softmax", "11", "First, commit yourself"),
    Term("loss", "损失", "a number that says how wrong the answers are",
         "00", "What you saw: a network with two weights"),
    Term("mean squared error", "均方误差", "the mean of the squared differences", "11", "First, commit yourself"),
    Term("mini-batch", "小批量", "the few examples of one step", "04", "04 · Batches"),
    Term("momentum", "动量", "the part μ of the last step that is kept", "05", "The equation"),
    Term("Muon", "Muon", "a momentum whose singular values are made equal",
         "16", "What happened"),
    Term("NaN", "非数", "what ∞ − ∞ gives, and all that is computed from it", "01", "How a number ends"),
    Term("Nesterov", "Nesterov 加速", "momentum that takes its gradient a step ahead",
         "05", "Nesterov: look before you leap"),
    Term("Newton's method", "牛顿法", "a step of the slope divided by the curvature", "01", "A step taken apart"),
    Term("noise floor", "噪声平台", "where a noisy run stays at a constant η", "04", "The noise floor", "floor"),
    Term("one-hot", "独热编码", "1 for the right class, 0 for the others", "11", "First, commit yourself"),
    Term("overfitting", "过拟合", "fitting the noise of the examples", "13", "What happened"),
    Term("overflow", "溢出", "a number beyond the largest that there is", "01", "How a number ends"),
    Term("plateau", "平台", "a stretch where the slope is nearly zero and the loss is not low",
         "11", "What happened"),
    Term("random search", "随机搜索", "trying values drawn at random", "15", "Grid or random"),
    Term("range test", "学习率范围测试", "one short run in which η grows", "03", "Three ways to know"),
    Term("ravine", "峡谷", "a valley that is steep across and flat along", "05", "First, commit yourself"),
    Term("regularization", "正则化", "whatever makes a training better on new examples", "13", "13 · Regularization"),
    Term("residual connection", "残差连接", "a block adds to what it gets", "14", "Try it: cut one out",
         "skip connection"),
    Term("RMSProp", "RMSProp", "AdaGrad that forgets", "06", "What the denominator remembers"),
    Term("saddle point", "鞍点", "level, up in one direction and down in another", "02", "02 · Critical points",
         "saddle"),
    Term("SAM", "锐度感知最小化", "the gradient at the worst point nearby", "16", "SAM: a floor with a wide place",
         "Sharpness-aware minimization"),
    Term("saturated", "饱和", "a unit so far out that it hardly reacts", "09", "What happened"),
    Term("schedule-free", "无调度", "an average of the points in place of a schedule",
         "16", "Schedule-free, and warm-up–stable–decay: without a horizon"),
    Term("Shampoo", "Shampoo", "learns in which directions to divide", "16", "What happened"),
    Term("sharpness", "锐度", "the largest eigenvalue of the Hessian at a place", "03", "The edge, seen"),
    Term("shuffle", "打乱", "another order of the examples for each epoch", "04", "The code", "shuffled"),
    Term("softmax", "软最大化", "makes probabilities of logits", "11", "First, commit yourself"),
    Term("stochastic gradient descent", "随机梯度下降", "steps on one or a few examples, SGD", "04", "The equation"),
    Term("underfitting", "欠拟合", "a model that cannot follow the examples", "13", "What happened"),
    Term("vanishing gradient", "梯度消失", "a gradient that shrinks from layer to layer",
         "12", "Where exploding gradients come from", "vanishes"),
    Term("velocity", "速度", "the step of a method with momentum, v", "05", "The equation"),
    Term("warm-up", "预热", "small first steps: η rises", "08", "Why warm up?"),
    Term("weight decay", "权重衰减", "all weights shrink a little in every step", "13", "A penalty on large weights"),
    Term("Xavier initialization", "Xavier 初始化", "variance 2/(n + m), also Glorot's rule",
         "09", "How large should a weight be?", "Glorot's rule"),
]

PROBLEMS = {
    "The loss": [
        Problem("it does not fall at all", "η far too small or too large, dead units, or the data and labels",
                (("15", "A method"), ("03", "Six learning curves, and the fork test"), ("01", "A step taken apart"))),
        Problem("it is stuck at ln 10 = 2.30 with ten classes (0.69 with two); every input gets the same answer",
                "the network guesses: dead units, η beyond the cliff, labels, weights that all began equal",
                (("15", "What happened"), ("03", "Six learning curves, and the fork test"))),
        Problem("it is stuck near 1.46 with ten classes, and most answers are right", "softmax is applied twice",
                (("11", "Logits or probabilities?"),)),
        Problem("it falls very slowly", "η too small, a ravine, inputs that were not centred",
                (("03", "Three ways to know"), ("05", "What happened"), ("10", "What happened"))),
        Problem("it becomes NaN or infinite", "overflow: η beyond the edge, or a logarithm of 0",
                (("01", "How a number ends"), ("11", "Logits of a thousand"))),
        Problem("it becomes NaN in float16 (fp16) only",
                "overflow at 65,504; ε and small squares that are rounded to 0",
                (("01", "How a number ends"), ("07", "What happened"), ("09", "Where a loss stops falling"))),
        Problem("it goes up in the first steps", "η too large for the start; a warm-up helps, or a smaller η",
                (("03", "Six learning curves, and the fork test"), ("08", "Why warm up?"))),
        Problem("a sudden spike, and it comes back", "a rate that crossed the edge, a catapult, or one long gradient",
                (("06", "Stall, burst, cycle"), ("03", "The edge, seen"), ("12", "What happened"))),
        Problem("a spike after training was resumed from a checkpoint, or the optimizer made anew",
                "the optimizer's state was lost",
                (("07", "The first steps are a lottery"),)),
        Problem("it jumps up and down about one value",
                "bouncing between walls, or noise: enlarge the batch and see",
                (("03", "Why there is a cliff: two directions"), ("04", "The noise floor"))),
        Problem("it has stopped falling, and does not reach 0",
                "a noise floor, Adam's hopping, a saddle, a flat valley, or numbers too short",
                (("03", "Six learning curves, and the fork test"), ("07", "Does it come to rest?"),
                 ("08", "Reduce on plateau, and raise again"), ("09", "Where a loss stops falling"))),
        Problem("a plateau first, then a sudden fall", "a saddle near the start, or one direction after the other",
                (("02", "The way out of a saddle"), ("14", "A published result: one thing after another"))),
        Problem("the network is sure of wrong answers, and does not learn", "a squared error behind softmax or sigmoid",
                (("11", "Two losses, two surfaces"), ("11", "Does it matter on real data?"))),
    ],
    "New examples": [
        Problem("training is good, new examples are bad; the validation loss rises",
                "overfitting, or dropout or batch normalization left in training mode",
                (("13", "Three knobs on a network"), ("13", "What happened"), ("15", "What happened"))),
        Problem("training and new examples are both bad", "underfitting, too large a λ, or too few steps",
                (("13", "What happened"), ("03", "What happened"))),
        Problem("validation is better than training",
                "dropout is on in training only; or the training loss is a mean over the epoch, and not its end",
                (("13", "Dropout"), ("13", "Three knobs on a network"))),
        Problem("everything is learnt: is there any use in training on?",
                "if the weights began very large, perhaps (grokking); else stop early",
                (("13", "Grokking: it generalises late"), ("13", "Shrink or stop?"))),
        Problem("a batch of one fails; the answers differ between train() and eval()",
                "batch normalization, or dropout",
                (("10", "Your neighbours decide with you"), ("13", "Dropout"))),
    ],
    "Adam": [
        Problem("it diverges late, after a long quiet time", "the effective rate η/√v̂ has grown beyond the edge",
                (("07", "Does it come to rest?"), ("06", "Stall, burst, cycle"), ("08", "The burst, and its cure"))),
        Problem("it diverges with a large β₂, or in its first steps", "no bias correction, or no warm-up",
                (("07", "What happened"), ("07", "The first steps are a lottery"), ("08", "Why warm up?"))),
        Problem("SGD is better on new examples", "tuned unequally, or a real difference",
                (("07", "Does Adam learn by heart?"), ("07", "The arena"))),
        Problem("weight decay does nothing; is it not L2?", "L2 in the gradient is divided by √v̂",
                (("13", "L2 is not weight decay, once Adam divides"),
                 ("07", "Decay: inside the gradient, or beside it?"))),
        Problem("clipping changes nothing", "it divides the size of gradients away",
                (("12", "Where clipping does nothing"),)),
    ],
    "Gradients and layers": [
        Problem("the gradient explodes", "a cliff, or many similar layers or time steps one after the other",
                (("12", "What happened"), ("12", "Where exploding gradients come from"))),
        Problem("every step is clipped, or it diverges all the same; which threshold?",
                "a threshold has the unit of the loss: look at the norms first",
                (("12", "A network that must remember"), ("12", "What happened"))),
        Problem("the gradient vanishes, the first layers do not learn",
                "weights too small, saturated units, or no way round the blocks",
                (("09", "What happened"), ("09", "How large should a weight be?"),
                 ("14", "A line through weight space"))),
        Problem("many ReLU units are 0 for all examples", "some are usual; all of them: inputs or η too large",
                (("15", "What happened"), ("09", "What happened"))),
        Problem("all units of a layer are the same", "the weights began equal",
                (("09", "How large should a weight be?"),)),
        Problem("is my gradient right? what does backward() do?", "the chain rule; compare it with a difference",
                (("01", "Is the slope right?"),)),
    ],
    "Batches and chance": [
        Problem("a larger batch makes it worse", "fewer updates at the same η",
                (("04", "What happened"), ("04", "A published result: the linear scaling rule"))),
        Problem("another batch size, and η no longer fits", "η and B belong together",
                (("04", "A published result: the linear scaling rule"), ("03", "How long, and how many at a time?"))),
        Problem("the run differs each time", "chance that has no seed; or a run at the edge, where rounding decides",
                (("04", "The code"), ("01", "Beyond the edge"))),
        Problem("is A better than B? how many seeds?", "compare seed by seed, with equal budgets for tuning",
                (("07", "The arena"), ("15", "Adam as the baseline, and then SGD"), ("16", "An honest race"))),
    ],
    "What to choose": [
        Problem("which learning rate?", "a range test, the curvature, or a grid in equal factors",
                (("03", "Three ways to know"), ("03", "What happened"))),
        Problem("which optimizer?", "it depends on how much you will tune; each has an η of its own",
                (("07", "The arena"), ("15", "Adam as the baseline, and then SGD"), ("16", "An honest race"))),
        Problem("which schedule, and is one needed, with Adam too? how long a warm-up?",
                "it depends on the noise, and on knowing when you will stop",
                (("08", "A schedule designer"), ("08", "A network, with and without a schedule"),
                 ("08", "Why warm up?"))),
        Problem("how many epochs?", "until the held-out loss no longer falls",
                (("13", "Three knobs on a network"), ("03", "How long, and how many at a time?"))),
        Problem("how large a batch?", "updates needed times the time of one", (("04", "How large a batch?"),)),
        Problem("which initial weights: Xavier or He?", "it depends on the activation",
                (("09", "How large should a weight be?"),)),
        Problem("how to scale the inputs: to [0, 1], or to mean 0 and variance 1?", "the mean counts most",
                (("09", "The scale of the inputs"), ("10", "What happened"))),
        Problem("decay the biases as well, and weights before a normalization?",
                "the first hardly matters; the second raises their rate",
                (("13", "A penalty on large weights"), ("13", "Three knobs on a network"), ("10", "Rays"))),
        Problem("too many knobs to try them all", "few of them matter; random trials find those with less",
                (("15", "Grid or random"), ("07", "The arena"))),
    ],
    "Other people's numbers": [
        Problem("a learning rate from a book is ten times too large",
                "a sum or an average of gradients, other units, sum or mean loss",
                (("05", "The equation"), ("01", "Which unit has η?"))),
        Problem("PyTorch's momentum, or its Nesterov, is not the book's", "the same path in other variables",
                (("05", "The equation"), ("05", "Nesterov: look before you leap"))),
        Problem("one order of optimizers at home, another in a paper", "another budget for tuning",
                (("07", "The arena"), ("16", "An honest race"))),
    ],
}
# fmt: on

PATHS = [
    ("One evening", "See a run, take a step apart, find a good learning rate, give it a memory.", "00 01 03 05"),
    (
        "A week",
        "What a gradient knows, what noise costs, and the two methods that everybody uses.",
        "00 01 02 03 04 05 06 07 08",
    ),
    ("A semester", "All chapters in their order, one a week, each with its exercises.", ""),
]


def link(number, heading="", text="", notebooks=NOTEBOOKS):
    """A Markdown link to a notebook, or to a heading in it, as JupyterLab names its headings.

    >>> link("01", "Which unit has η?", "a unit")
    '[a unit](01_one_step.ipynb#Which-unit-has-%CE%B7?)'
    """
    names = {path.name[:2]: path.name for path in sorted(Path(notebooks).glob("[0-9][0-9]_*.ipynb"))}
    anchor = f"#{quote(heading.replace(' ', '-'), safe=',:?/')}" if heading else ""
    return f"[{text or number}]({names[number]}{anchor})"


def glossary(notebooks=NOTEBOOKS):
    """The terms as a table: English, 中文, what it is, and where it is told."""
    rows = [
        f"| {link(term.number, term.heading, term.english, notebooks)} | {term.chinese} | {term.meaning} |"
        for term in sorted(TERMS, key=lambda term: term.english.lower())
    ]
    return "\n".join(["| term | 中文 | in a line |", "|---|---|---|", *rows])


def problems(notebooks=NOTEBOOKS):
    """The problems as a table: what you see or ask, what it may be, where to look; each group under its name."""
    rows = []
    for group, found in PROBLEMS.items():
        rows.append(f"| **{group}** | | |")
        for problem in found:
            places = " · ".join(
                link(number, heading, f"{number} {heading}", notebooks) for number, heading in problem.places
            )
            rows.append(f"| {problem.seen} | {problem.may_be} | {places} |")
    return "\n".join(["| what you see, or ask | what it may be, in short | where to look |", "|---|---|---|", *rows])


def paths(notebooks=NOTEBOOKS):
    """The paths as a list, with a link to every chapter on them."""
    rows = []
    for name, why, numbers in PATHS:
        stops = numbers.split() or [chapter.number for chapter in chapters(notebooks)]
        rows.append(f"- **{name}.** {why} {' → '.join(link(number, notebooks=notebooks) for number in stops)}")
    return "\n".join(rows)


def with_guide(text, notebooks=NOTEBOOKS):
    """A text with the map of the chapters, paths, problems and glossary between their marks made anew."""
    text = with_table(text, notebooks, folder="")
    for mark, make in dict(paths=paths, problems=problems, glossary=glossary).items():
        text = between(text, mark, make(notebooks))
    return text
