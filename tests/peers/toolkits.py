"""The toolkits, each as its manual has it. Each is a context manager whose value runs tasks: it takes a list of them and whether they are few
and long, and yields their results as they come. What is left when the context ends is given up."""
import contextlib
import os
import queue
import subprocess
import sys
import threading

import kernels


def chunk_size(tasks, workers):
    """As Pool.map chooses it: four parts a worker."""
    return max(1, len(tasks) // (4 * workers))


@contextlib.contextmanager
def pool(workers):
    from multiprocessing import Pool

    with Pool(workers) as processes:  # its end terminates them
        processes.map(kernels.call, [("square_root", 1)] * workers, 1)
        yield lambda tasks, long: processes.imap_unordered(kernels.call, tasks, 1 if long else chunk_size(tasks, workers))


@contextlib.contextmanager
def mpi4py(workers):
    from mpi4py.futures import MPIPoolExecutor

    executor = MPIPoolExecutor()
    list(executor.map(kernels.call, [("square_root", 1)] * workers))
    yield lambda tasks, long: executor.map(kernels.call, tasks, chunksize=1 if long else chunk_size(tasks, workers), unordered=True)
    executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def pyro4(workers):
    """A daemon a worker, as on the nodes of a cluster; the master has a thread and a proxy for each."""
    import Pyro4

    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pyro4_worker.py")
    daemons = [subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    addresses = [daemon.stdout.readline().strip() for daemon in daemons]
    waiting, results = queue.SimpleQueue(), queue.SimpleQueue()

    def serve(address):
        with Pyro4.Proxy(address) as worker:
            while True:
                chunk = waiting.get()
                try:
                    results.put(worker.call_all(chunk))
                except Pyro4.errors.CommunicationError as lost:
                    results.put(lost)

    for address in addresses:
        threading.Thread(target=serve, args=(address,), daemon=True).start()

    def run(tasks, long):
        size = 1 if long else chunk_size(tasks, workers)
        chunks = [tasks[at:at + size] for at in range(0, len(tasks), size)]
        for chunk in chunks:
            waiting.put(chunk)
        for _ in chunks:
            chunk = results.get()
            if isinstance(chunk, Exception):
                raise chunk
            yield from chunk

    list(run([("square_root", 1)] * workers, True))
    yield run
    for daemon in daemons:
        daemon.kill()
        daemon.wait()


ALL = {"pool": pool, "mpi4py": mpi4py, "pyro4": pyro4}
