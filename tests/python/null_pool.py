"""The same work as null_calls.cpp, by multiprocessing.Pool."""
import multiprocessing
import time

from null import null

if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        for i in range(100):
            pool.apply(null, (i,))
        begin = time.perf_counter()
        results = [pool.apply_async(null, (i,)) for i in range(20_000)]
        for result in results:
            result.get()
        tasks = 20_000 / (time.perf_counter() - begin)
        begin = time.perf_counter()
        pool.map(null, [0] * 400_000)
        print(f"multiprocessing.Pool(2): a task a call {tasks:9.0f} calls/s, map {400_000 / (time.perf_counter() - begin):9.0f} calls/s")
