"""The same measurements on Python's multiprocessing.Pool: pool.py WORKLOAD WORKERS TASKS. Prints one number."""
import resource
import sys
import time
from array import array
from multiprocessing import Pool


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


def shared_ms(given, workers, tasks):
    start = time.perf_counter()
    with Pool(workers, keep, (given,)) as pool:
        results = [pool.apply_async(at, (i,)) for i in places_of(given, tasks)]
        assert sum(r.get() for r in results) == sum(places_of(given, tasks))
        return (time.perf_counter() - start) * 1e3


def sent_ms(given, workers, tasks):
    start = time.perf_counter()
    with Pool(workers) as pool:
        results = [pool.apply_async(at_in, (given, i)) for i in places_of(given, tasks)]
        assert sum(r.get() for r in results) == sum(places_of(given, tasks))
        return (time.perf_counter() - start) * 1e3


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def one_by_one(pool, tasks):
    start = time.perf_counter()
    results = [pool.apply_async(same, (i,)) for i in range(tasks)]
    assert sum(r.get() for r in results) == tasks * (tasks - 1) // 2
    return tasks / (time.perf_counter() - start)


def best_map(pool, tasks, workers):
    best = 0
    for chunk in sorted({tasks // (workers * k) or 1 for k in (1, 2, 4, 16)}):
        start = time.perf_counter()
        results = pool.map(same, range(tasks), chunksize=chunk)
        best = max(best, tasks / (time.perf_counter() - start))
        assert sum(results) == tasks * (tasks - 1) // 2
    return best


def payloads(pool, tasks):
    payload = b"x" * (1 << 20)
    start = time.perf_counter()
    for result in pool.imap_unordered(same, (payload for _ in range(tasks))):
        assert len(result) == 1 << 20
    return 2 * tasks / (time.perf_counter() - start)


def queued_bytes(pool, tasks, workers):
    naps = [pool.apply_async(nap, (600,)) for _ in range(workers)]
    before = resident()
    results = [pool.apply_async(same, (i,)) for i in range(tasks)]
    taken = (resident() - before) / tasks
    pool.terminate()
    assert len(naps) == workers and len(results) == tasks
    return taken


def round_trip(pool, tasks):
    times = []
    for i in range(tasks):
        start = time.perf_counter()
        pool.apply_async(same, (i,)).get()
        times.append((time.perf_counter() - start) * 1e6)
    return sorted(times)[tasks // 2]


def compute(microseconds):
    end = time.perf_counter() + microseconds * 1e-6
    while time.perf_counter() < end:
        pass


def best_schedule(microseconds, workers):
    busy = [0] * workers
    for one in sorted(microseconds, reverse=True):
        busy[busy.index(min(busy))] += one
    return max(busy) * 1e-6


def long_tasks_at_the_end(pool, tasks, workers):
    times = [100] * tasks + [800_000] * 3
    start = time.perf_counter()
    for result in [pool.apply_async(compute, (one,)) for one in times]:
        result.get()
    return (time.perf_counter() - start) / best_schedule(times, workers)


def long_inputs_at_the_end(pool, tasks, workers):
    times = [100] * (tasks - 50) + [50_000] * 50
    start = time.perf_counter()
    pool.map(compute, times)
    return (time.perf_counter() - start) / best_schedule(times, workers)


def main():
    workload, workers, tasks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if workload in ("W7", "W8"):
        measure = shared_ms if workload == "W7" else sent_ms
        print(measure(array("d", range(5_000_000)), workers, tasks))
        return
    with Pool(workers) as pool:
        pool.apply(same, (1,))
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
        elif workload == "W9":
            print(long_tasks_at_the_end(pool, tasks, workers))
        elif workload == "W10":
            print(long_inputs_at_the_end(pool, tasks, workers))
        else:
            sys.exit(f"pool.py: no workload {workload}")


if __name__ == "__main__":
    main()
