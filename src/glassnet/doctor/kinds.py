"""The faults that the doctor knows by name, each with a one-line mend."""

KINDS: dict[str, str] = {
    # a factor
    "batch-mean-missing": "divide by the number of samples, once: the loss is a mean",
    "batch-mean-twice": "take the 1/N out: it is in the loss's gradient already, and only there",
    "batch-mean-wrong-n": "divide by the number of samples of this very batch, len(output); the "
    "last batch of an epoch is shorter",
    "bias-mean": "sum over the batch (and positions), dy.sum(axis=0): the mean is in the loss",
    "bias-sum": "the bias gradient is dy.sum(axis=0), with the same 1/N (in dy) as the weight's",
    "output-mean-missing": "the value is a mean over the outputs too: divide by output.size",
    "output-mean-twice": "the value is no mean over the outputs: divide by the samples only",
    "spatial-mean-missing": "each pixel has a part 1/(H·W) of the mean: divide by that number",
    "spatial-mean-twice": "sum over the positions; do not take their mean",
    "window-mean-missing": "an average over k·k pixels sends dy/(k·k) to each: divide",
    "factor-two": "halve it: ½ e² has the derivative e, and e² has 2 e",
    "factor-half": "double it: e² has the derivative 2 e, not e",
    "sign": "turn the sign: the gradient points uphill, and the optimizer subtracts it",
    "constant-factor": "look for a factor that is in the value and not in the gradient, or reverse",
    # the right numbers in the wrong places
    "weight-transposed": "transpose: y = x Wᵀ gives ∂L/∂W = dyᵀ x and ∂L/∂x = dy W",
    "weight-permuted": "check reshape and transpose: the gradient's values stand in wrong places",
    "kernel-not-flipped": "the input gradient of a cross-correlation is a convolution: turn the "
    "kernel by 180° there (W[..., ::-1, ::-1]), and only there",
    # non-linearities
    "activation-derivative-missing": "multiply dy by f′ before going on: dz = dy · f′(z)",
    "activation-derivative-twice": "multiply by f′ once",
    "activation-value-as-derivative": "multiply by the derivative f′(z), not by the value f(z)",
    "product-rule-half": "x · g(x) has the derivative g(x) + x · g′(x): both terms",
    "derivative-at-output": "f′ is taken at the output y; take it at the input z",
    "derivative-at-input": "the formula is one of the output, such as y (1 − y), but was given the "
    "input: keep y in the cache and use it",
    "mask-from-gradient": "mask by where the input was positive, not by where dy is",
    "softmax-jacobian-missing": "multiply by the whole Jacobian: "
    "dx = y · (dy − (dy · y).sum(axis=1, keepdims=True))",
    "softmax-jacobian-twice": "p − t is the gradient by the logits, with the softmax inside: take "
    "the Softmax layer away, or return −t/p",
    "normalization-terms-missing": "mean and variance depend on x too: "
    "dx = (d − mean(d) − x̂ · mean(d · x̂)) / √(σ² + ε)",
    # dropout
    "dropout-mask-missing": "multiply by the mask of the forward pass: dx = dy · mask",
    "dropout-mask-redrawn": "keep the mask of the forward pass in the cache; do not draw another",
    "dropout-not-inverted": "scale the kept values, and their gradients, by 1/(1 − p) in training",
    "dropout-in-evaluation": "return x itself where training is False",
    # convolution and pooling
    "padding-not-cropped": "cut the padding off: dx[:, :, p:-p, p:-p], so that dx has x's shape",
    "padding-ignored": "pad x in backward as in forward before it is multiplied with dy",
    "stride-ignored": "output (i, j) saw the pixels from (i·stride, j·stride) on: use the stride",
    "output-channel-shared": "index the output channel: dW[o] += …, so that each has its own",
    "overlap-overwritten": "windows overlap: add, dx[window] += …, do not assign",
    "pool-not-maximum": "send the gradient to the largest pixel of the window only (argmax)",
    "pool-ties": "send the gradient to one of the equal pixels (argmax), or share it among them",
    "only-one-sample": "add over the samples of the batch: += in the loop, not =",
    "only-one-position": "add over all positions of the window: += in the loop, not =",
    # numbers
    "integer-truncation": "make the array floating: np.zeros(shape, x.dtype), not an integer one",
    "straight-through": "forward rounds, so its derivative is 0, and backward passes dy on. If it "
    "is meant, no gradient check can judge it: check the network without; if not, do not round",
    "float32-truncation": "keep the dtype of x: no float32 array or cast in between",
    "not-finite": "look for an overflow, log 0 or a division by zero",
    # contracts
    "inplace-input": "work on a copy: the input is another layer's output",
    "inplace-upstream": "work on a copy of dy: it may be used again",
    "inplace-cache": "do not change the cache in backward: it may be used again",
    "stale-cache": "return what backward needs as the cache; keep nothing of a call on the layer",
    "input-gradient-missing": "return dx, of the shape of x: the layers below need it",
    "parameter-without-gradient": "assign the gradient: self.weight.grad = …",
    "partly-written": "write every entry of the gradient",
    "gradient-accumulated": "assign, p.grad = …; adding to it keeps the gradients of earlier steps",
    "wrong-shape": "return arrays of the shapes of what they are the gradients of",
    "raises": "see the exception",
    "not-deterministic": "draw from the rng that forward is given, and from nothing else",
    "frozen-gradient": "write no gradient where parameter.trainable is False",
    "frozen-updated": "leave the values alone: they are frozen",
    "parameter-updated": "leave the values alone: updating them is the optimizer's task",
    "upstream-ignored": "multiply by dy: the chain rule",
    "upstream-not-linear": "a backward pass is linear in dy: no rounding, clipping or masks of dy",
    "input-ignored": "∂L/∂W is dy times the input that the weight was multiplied with",
    "shortcut-missing": "the short cut passes dy on too: dx = dx_body + dy",
    "composition": "each layer alone is right: look at how the container chains their backwards",
    # regularisers and losses
    "regularizer-on-bias": "penalise weights only: no λ in a bias's gradient, and decay=False",
    "regularizer-in-layer": "leave it to regularizers=[…]: a layer's gradient is that of the loss",
    "regularizer-factor": "λ w² has the derivative 2 λ w: value and gradient must share the factor",
    "regularizer-overwrites": "add, grad += …: the loss's gradient is in there already",
    "target-missing": "subtract the target: the gradient is p − t, not p",
    # what is left
    "few-entries": "look at how these entries are computed",
    "wrong-gradient": "derive it once more, on paper, for one sample and one output",
}
"""Kind of fault → what mends it."""
