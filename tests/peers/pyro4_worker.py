"""A worker of the Pyro4 farm: prints its address, then serves until it is killed."""
import ctypes
import signal
import sys

import Pyro4

import kernels

ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not longer than the master


@Pyro4.expose
class Worker:
    def call_all(self, tasks):
        return [kernels.call(task) for task in tasks]


with Pyro4.Daemon(host="127.0.0.1") as daemon:
    print(daemon.register(Worker()), flush=True)
    sys.stdout.close()
    daemon.requestLoop()
