"""The same measurements on mpi4py.futures: mpiexec -n WORKERS+1 python3 -m mpi4py.futures mpi4py_pool.py WORKLOAD WORKERS TASKS."""
import resource
import sys
import time
from array import array

from mpi4py.futures import MPIPoolExecutor


def same(x):
    return x


def nap(seconds):
    time.sleep(seconds)


def keep(given):
    global table
    table = given


def at(place):
    return table[place]


def at_in(given, place):
    return given[place]


def places_of(given, tasks):
    return range(0, len(given) // tasks * tasks, len(given) // tasks)


def shared_ms(given, tasks):
    start = time.perf_counter()
    with MPIPoolExecutor(initializer=keep, initargs=(given,)) as pool:
        results = [pool.submit(at, i) for i in places_of(given, tasks)]
        assert sum(r.result() for r in results) == sum(places_of(given, tasks))
        return (time.perf_counter() - start) * 1e3


def sent_ms(given, tasks):
    start = time.perf_counter()
    with MPIPoolExecutor() as pool:
        results = [pool.submit(at_in, given, i) for i in places_of(given, tasks)]
        assert sum(r.result() for r in results) == sum(places_of(given, tasks))
        return (time.perf_counter() - start) * 1e3


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def one_by_one(pool, tasks):
    start = time.perf_counter()
    results = [pool.submit(same, i) for i in range(tasks)]
    assert sum(r.result() for r in results) == tasks * (tasks - 1) // 2
    return tasks / (time.perf_counter() - start)


def best_map(pool, tasks, workers):
    best = 0
    for chunk in sorted({tasks // (workers * k) or 1 for k in (1, 2, 4, 16)}):
        start = time.perf_counter()
        total = sum(pool.map(same, range(tasks), chunksize=chunk))
        best = max(best, tasks / (time.perf_counter() - start))
        assert total == tasks * (tasks - 1) // 2
    return best


def payloads(pool, tasks):
    payload = b"x" * (1 << 20)
    start = time.perf_counter()
    for result in pool.map(same, (payload for _ in range(tasks)), unordered=True):
        assert len(result) == 1 << 20
    return 2 * tasks / (time.perf_counter() - start)


def queued_bytes(pool, tasks, workers):
    naps = [pool.submit(nap, 1) for _ in range(workers)]
    before = resident()
    results = [pool.submit(same, i) for i in range(tasks)]
    taken = (resident() - before) / tasks
    assert len(naps) == workers and len(results) == tasks
    return taken


def round_trip(pool, tasks):
    times = []
    for i in range(tasks):
        start = time.perf_counter()
        pool.submit(same, i).result()
        times.append((time.perf_counter() - start) * 1e6)
    return sorted(times)[tasks // 2]


def main():
    workload, workers, tasks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if workload in ("W7", "W8"):
        measure = shared_ms if workload == "W7" else sent_ms
        print(measure(array("d", range(5_000_000)), tasks))
        return
    with MPIPoolExecutor() as pool:
        for done in [pool.submit(same, i) for i in range(workers)]:
            done.result()
        if workload == "W4":
            print(time.monotonic_ns())
        elif workload in ("W1a", "W1p"):
            print(one_by_one(pool, tasks))
        elif workload == "W1b":
            print(best_map(pool, tasks, workers))
        elif workload == "W2":
            print(payloads(pool, tasks))
        elif workload == "W5":
            print(queued_bytes(pool, tasks, workers), flush=True)
        elif workload == "W6":
            print(round_trip(pool, tasks))
        else:
            sys.exit(f"mpi4py_pool.py: no workload {workload}")


if __name__ == "__main__":
    main()
