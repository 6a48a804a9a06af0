"""The same measurements on toolkits for networks, over loopback: network_toolkits.py TOOLKIT WORKLOAD WORKERS TASKS. Prints one number.

dask: one client, a scheduler and workers of one thread. pyro4: a daemon a worker, and a thread with a proxy for each."""
import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time


def same(x):
    return x


@contextlib.contextmanager
def dask(workers):
    import logging
    import warnings

    warnings.simplefilter("ignore")
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR) as cluster:
        with Client(cluster) as client:
            client.submit(same, 1).result()

            def run(values):
                return client.gather([client.submit(same, value, pure=False) for value in values])

            yield run, lambda value: client.submit(same, value, pure=False).result()


def serve():
    import Pyro4

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not longer than the master

    @Pyro4.expose
    class Worker:
        def same(self, x):
            return x

    Pyro4.config.SERIALIZERS_ACCEPTED = {"pickle"}
    with Pyro4.Daemon(host="127.0.0.1") as daemon:
        print(daemon.register(Worker()), flush=True)
        sys.stdout.close()
        daemon.requestLoop()


@contextlib.contextmanager
def pyro4(workers):
    import Pyro4

    Pyro4.config.SERIALIZER = "pickle"
    daemons = [subprocess.Popen([sys.executable, os.path.abspath(__file__), "serve"], stdout=subprocess.PIPE, text=True)
               for _ in range(workers)]
    addresses = [daemon.stdout.readline().strip() for daemon in daemons]
    waiting, results = queue.SimpleQueue(), queue.SimpleQueue()

    def work(address):
        with Pyro4.Proxy(address) as worker:
            while True:
                results.put(worker.same(waiting.get()))

    for address in addresses:
        threading.Thread(target=work, args=(address,), daemon=True).start()

    def run(values):
        count = 0
        for value in values:
            waiting.put(value)
            count += 1
        return [results.get() for _ in range(count)]

    run(range(workers))
    with Pyro4.Proxy(addresses[0]) as one:
        yield run, one.same
    for daemon in daemons:
        daemon.kill()
        daemon.wait()


def measure(run, once, workload, tasks):
    start = time.perf_counter()
    if workload == "W1p":
        assert sum(run(range(tasks))) == tasks * (tasks - 1) // 2
        return tasks / (time.perf_counter() - start)
    if workload == "W2":
        payload = b"x" * (1 << 20)
        assert all(len(result) == 1 << 20 for result in run(payload for _ in range(tasks)))
        return 2 * tasks / (time.perf_counter() - start)
    if workload == "W6":
        times = []
        for value in range(tasks):
            begun = time.perf_counter()
            once(value)
            times.append((time.perf_counter() - begun) * 1e6)
        return sorted(times)[tasks // 2]
    sys.exit(f"network_toolkits.py: no workload {workload}")


def main():
    if sys.argv[1] == "serve":
        return serve()
    toolkit, workload, workers, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if workload == "W1p":
        tasks = max(tasks // 20, 1)  # a rate; they take minutes for as many as the others
    os.environ["PYTHONWARNINGS"] = "ignore"  # of leaving before all is cleared up
    with {"dask": dask, "pyro4": pyro4}[toolkit](workers) as (run, once):
        print(measure(run, once, workload, tasks), flush=True)
        os._exit(0)  # their ends take longer than the measurement, and can fail


if __name__ == "__main__":
    main()
