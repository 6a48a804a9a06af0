#!/usr/bin/env python3
"""monte_pi or factor on any toolkit, with the command line and the JSON of a CppMW application, so that mw speedup can measure it:

  mw speedup --interfaces multicore,pool,pyro4 --side-by-side --workers 1,2 -- compare.py BIN factor --n 285876629
  compare.py BIN monte_pi|factor -i INTERFACE -n WORKERS --json [--points N] [--block N] [--n N]

BIN is the folder of CppMW's programs. An INTERFACE is pool (multiprocessing.Pool), mpi4py (mpi4py.futures on Open MPI), pyro4, or one of CppMW's. The
total is taken here, for all alike: from the start of the first process to the end of the last."""
import argparse
import json
import os
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = {"monte_pi": {"points": 100_000_000, "block": 1_000_000}, "factor": {"n": 285_876_629}}


def whole(text):
    number = int(float(text)) if "e" in text.lower() else int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("app", choices=sorted(DEFAULTS))
    parser.add_argument("-i", dest="interface", default="multicore")
    parser.add_argument("-n", dest="workers", type=whole, default=2)
    parser.add_argument("--json", action="store_true")
    for option in ("points", "block", "n"):
        parser.add_argument("--" + option, type=whole)
    given = parser.parse_args()
    given.options = dict(DEFAULTS[given.app])
    for option in ("points", "block", "n"):
        value = getattr(given, option)
        if value is not None and option not in given.options:
            parser.error(f"{given.app} has no --{option}")
        if value is not None:
            given.options[option] = value
    return given


def command_of(given):
    if given.interface not in ("pool", "mpi4py", "pyro4"):
        options = [word for key, value in given.options.items() for word in ("--" + key, str(value))]
        return [os.path.join(given.bin, given.app), "-i", given.interface, "-n", str(given.workers), "--json", *options]
    python = "/usr/bin/python3"  # Debian's packages are for Debian's Python
    command = [os.path.join(here, "apps.py"), given.app, given.interface, str(given.workers)]
    command += [f"{key}={value}" for key, value in given.options.items()]
    if given.interface != "mpi4py":
        return [python, *command]
    ranks = str(given.workers + 1)
    return ["mpiexec.openmpi", "--allow-run-as-root", "--oversubscribe", "-n", ranks, python, "-m", "mpi4py.futures", *command]


def main():
    given = arguments()
    environment = dict(os.environ, PEER_KERNELS=os.path.join(given.bin, "libmw_peer_kernels.so"))
    start = time.monotonic()
    done = subprocess.run(command_of(given), env=environment, stdout=subprocess.PIPE, text=True, check=False)
    total = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"compare.py: {given.app} on {given.interface} ended with status {done.returncode}")
    run = json.loads(done.stdout)
    if "ready" in run:
        run["init_seconds"] = run.pop("ready") - start
        run["calculation_seconds"] = run.pop("done") - start - run["init_seconds"]
    run["total_seconds"] = total
    print(json.dumps(run))


if __name__ == "__main__":
    main()
