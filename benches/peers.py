"""The same lines for two peers: training steps and Langevin dynamics in JAX, products in NumPy.

    python benches/peers.py --bench steps dae_dsm --f64 --threads 2 --secs 5

Options, shapes, constants and timing are those of the Rust benches; --bench picks one, else all run.
A step is one compiled function whose state is donated, with fresh noise from the default generator and
an activation whose derivative is known. It is waited for, as one that reports its loss is.
"""
import argparse, functools, json, math, os, statistics, sys, time
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("word", nargs="?", default="", help="a part of the names to be measured")
parser.add_argument("--bench", choices=["product", "steps", "growth", "langevin"])
parser.add_argument("--f64", action="store_true")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--secs", type=float, default=0.5, help="seconds for each line")
options = parser.parse_args()
cores = sorted(os.sched_getaffinity(0))
if not 1 <= options.threads <= len(cores):
    sys.exit(f"--threads: this process may use {len(cores)}")
# The libraries size their pools when they are imported: by the cores in reach, and by these variables.
os.sched_setaffinity(0, cores[-options.threads :])
os.environ |= {f"{name}_NUM_THREADS": str(options.threads) for name in ("OMP", "OPENBLAS", "MKL")}
import jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")
DTYPE = np.float64 if options.f64 else np.float32
SIGMA, RATE, EPSILON, RANDOM = 0.5, 1e-3, 1e-2, np.random.default_rng(1)
STEPS = [(1024, 2, 128), (128, 64, 256), (512, 64, 256), (128, 784, 1024), (512, 784, 1024)]

def timed(call):
    """Seconds of a call: the best, and the median. Short calls are timed in groups."""
    def seconds(count):
        start = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - start) / count
    seconds(2)  # the first compiles
    group, begin, times = 1 + int(1e-4 / seconds(2)), time.perf_counter(), []
    while len(times) < 3 or time.perf_counter() - begin < options.secs:
        times.append(seconds(group))
    return min(times), statistics.median(times)

def line(bench, peer, shape, seconds, **others):
    best, median = (round(1e3 * s, 6) for s in seconds)
    fields = dict(bench=bench, peer=peer, dtype="f64" if options.f64 else "f32", threads=options.threads)
    print(json.dumps(fields | dict(shape=shape, best_ms=best, median_ms=median) | others), flush=True)

def products():
    """x (m, k) times y (k, n), of which nt stores y and tn stores x the other way round."""
    cases = [(f"sq{n}", n, n, n) for n in (33, 64, 100, 128, 256, 512, 1024, 2048)]
    cases += [("%dx%dx%d" % s, *s) for s in [(96, 33, 77), (1, 1024, 1024), (1024, 1024, 1)]]
    cases = [(f"{form} {name}", *shape) for name, *shape in cases for form in ("nn", "nt", "tn")]
    for b, d, h in [(1024, 2, 128), (1024, 10, 64), (512, 16, 128)] + STEPS[1:]:
        cases += [(f"nt b{b}_d{d}_h{h}", b, d, h), (f"nn b{b}_d{d}_h{h}", b, h, d)]
        cases += [(f"tn b{b}_d{d}_h{h}", h, b, d), (f"tn b{b}_h{h}_d{d}", d, b, h)]
    for name, m, k, n in cases:
        if options.word in name:
            x, y, out = (RANDOM.standard_normal(s).astype(DTYPE) for s in [(m, k), (k, n), (m, n)])
            x = np.asfortranarray(x) if name.startswith("tn") else x
            y = np.asfortranarray(y) if name.startswith("nt") else y
            seconds = timed(lambda: np.matmul(x, y, out=out))
            line("product", "numpy", name, seconds, gflops=round(2e-9 * m * n * k / seconds[0], 4))

# Models and objectives: x is (n, d), and a layer (W, b) has W of (out, in).
def layers(*widths):
    weights = [RANDOM.standard_normal((o, i)) / math.sqrt(i) for i, o in zip(widths, widths[1:])]
    return [(jnp.asarray(w, DTYPE), jnp.zeros(len(w), DTYPE)) for w in weights]
autoencoder = lambda d, h: (*layers(d, h)[0], jnp.zeros(d, DTYPE))

softplus = jax.custom_jvp(lambda x: jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x))))
softplus.defjvps(lambda t, _, x: t * jax.nn.sigmoid(x))
def network(theta, x):
    *hidden, (w, b) = theta
    for v, a in hidden:
        x = softplus(x @ v.T + a)
    return x @ w.T + b

def dsm(score, theta, x, key):
    z = jax.random.normal(key, x.shape, DTYPE)
    return 0.5 * jnp.mean(jnp.sum((score(theta, x + SIGMA * z) + z / SIGMA) ** 2, 1))

def ism(score_and_trace, theta, x, _):
    psi, trace = score_and_trace(theta, x)
    return jnp.mean(0.5 * jnp.sum(psi**2, 1) + trace)

def closed(theta, x):
    w, b, c = theta
    s = jax.nn.sigmoid(x @ w.T + b)
    trace = (s * (1 - s)) @ jnp.sum(w**2, 1) - x.shape[1]
    return (s @ w + c - x) / SIGMA**2, trace / SIGMA**2
denoiser = lambda theta, x: closed(theta, x)[0]  # the trace is compiled away

def bilinear(theta, x):
    (v, a), (w, b), (u, c) = theta
    first = x @ v.T + a
    second = softplus(first) @ w.T + b
    trace = jnp.sum((jax.nn.sigmoid(second) @ (w * (v @ u).T)) * jax.nn.sigmoid(first), 1)
    return softplus(second) @ u.T + c, trace

def full(jacobian, theta, x):
    jacobians = jax.vmap(jacobian(lambda x: network(theta, x)))(x)
    return network(theta, x), jnp.trace(jacobians, axis1=1, axis2=2)

def jvps(theta, x):
    def along(axis):  # for the whole batch
        psi, tangent = jax.jvp(lambda x: network(theta, x), [x], [jnp.broadcast_to(axis, x.shape)])
        return psi, tangent @ axis
    psi, diagonal = jax.vmap(along, out_axes=(None, 0))(jnp.eye(x.shape[1], dtype=DTYPE))
    return psi, jnp.sum(diagonal, 0)

def adam(loss, theta, x):
    @functools.partial(jax.jit, donate_argnums=0)
    def step(state, x):
        theta, m, v, t, key = state
        key, noise = jax.random.split(key)
        value, gradient = jax.value_and_grad(loss)(theta, x, noise)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        first, second = RATE / (1 - 0.9**t), 1 / (1 - 0.999**t)
        theta = jax.tree.map(lambda p, m, v: p - first * m / (jnp.sqrt(second * v) + 1e-8), theta, m, v)
        return (theta, m, v, t + 1, key), value
    own, m, v = (jax.tree.map(f, theta) for f in (jnp.copy, jnp.zeros_like, jnp.zeros_like))
    state = own, m, v, jnp.ones((), DTYPE), jax.random.key(1)
    def call():
        nonlocal state
        state, value = step(state, x)
        value.block_until_ready()
    return call

def train(name, shape, theta, objective, *routes):  # of several routes the fastest counts
    label = "b%d_d%d_h%d" % shape
    if options.word in f"{name}_{label}":
        x = jnp.asarray(RANDOM.standard_normal(shape[:2]), DTYPE)
        losses = (functools.partial(objective, route) for route in routes)
        seconds = min(timed(adam(loss, theta, x)) for loss in losses)
        line(name, "jax", label, seconds, **dict(zip("ndh", shape)))

def steps():
    for shape in STEPS:
        train("dae_dsm", shape, autoencoder(*shape[1:]), dsm, denoiser)
        train("dae_ism_closed", shape, autoencoder(*shape[1:]), ism, closed)
    for n, d, h in [(512, 16, 128), (512, 64, 256)]:
        theta, routes = layers(d, h, h, d), [functools.partial(full, j) for j in (jax.jacfwd, jax.jacrev)]
        train("mlp_dsm", (n, d, h), theta, dsm, network)
        train("mlp_ism_any_depth", (n, d, h), theta, ism, jvps, *routes)
        train("mlp_ism_bilinear", (n, d, h), theta, ism, bilinear)

def growth():
    doubled = ({(64 << i, 64, 256), (512, 8 << i, 256), (512, 64, 32 << i)} for i in range(6))
    for shape in sorted(set().union(*doubled)):
        train("growth", shape, autoencoder(*shape[1:]), dsm, denoiser)

def langevin(chains=10_000, steps=1000, measured=100, hidden=128):
    def step(_, state):
        x, key = state
        key, noise = jax.random.split(key)
        x += 0.5 * EPSILON * network(theta, x)
        return x + math.sqrt(EPSILON) * jax.random.normal(noise, x.shape, DTYPE), key
    theta = layers(2, hidden, hidden, 2)
    run = jax.jit(lambda *start: jax.lax.map(lambda s: jax.lax.fori_loop(0, measured, step, s)[0], start))
    for name, block in [("langevin", chains), ("langevin_chunk250", 250)]:
        if options.word in name:
            x = jnp.zeros((chains // block, block, 2), DTYPE)
            keys = jax.random.split(jax.random.key(3), len(x))
            seconds = [s * steps / measured for s in timed(lambda: run(x, keys).block_until_ready())]
            line(name, "jax", f"n{chains}_t{steps}_h{hidden}", seconds)

for name, bench in dict(product=products, steps=steps, growth=growth, langevin=langevin).items():
    if options.bench in (None, name):
        bench()
