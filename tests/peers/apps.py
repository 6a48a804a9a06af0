"""monte_pi and factor on another toolkit: apps.py monte_pi|factor TOOLKIT WORKERS KEY=VALUE…

They make the tasks that CppMW's applications make, and find what these find. Prints one JSON object: the result, and when the workers were ready
and when the work was done (seconds on the monotonic clock, which all processes share)."""
import json
import sys
import time

import kernels
import toolkits


def monte_pi(run, workers, points, block):
    tasks = [("points_inside", seed, min(block, points - seed * block)) for seed in range((points + block - 1) // block)]
    inside = sum(run(tasks, False))
    return {"pi": 4 * inside / points, "inside": inside, "points": points}


def least_factor(run, workers, n):
    """For a number that is a product of two primes there is one divisor to be found, and the first one found ends the search."""
    root = kernels.square_root(n)
    block = root // (4 * workers) + 1
    tasks = [("least_divisor", n, first, min(first + block - 1, root)) for first in range(2, root + 1, block)]
    return next(divisor for divisor in run(tasks, True) if divisor)


def factor(run, workers, n):
    least = n if kernels.is_prime(n) else least_factor(run, workers, n)
    if least != n and not kernels.is_prime(n // least):
        sys.exit(f"factor: {n} is no product of two primes, which is all that this one can do")
    return {"n": n, "factors": str(n) if least == n else f"{least} * {n // least}"}


def main():
    app, toolkit, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
    options = dict(word.split("=") for word in sys.argv[4:])
    with toolkits.ALL[toolkit](workers) as run:
        ready = time.monotonic()
        result = {"monte_pi": monte_pi, "factor": factor}[app](run, workers, **{key: int(value) for key, value in options.items()})
        done = time.monotonic()
    print(json.dumps({"result": result, "ready": ready, "done": done}), flush=True)


if __name__ == "__main__":
    main()
