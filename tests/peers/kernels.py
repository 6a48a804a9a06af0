"""The work of monte_pi and factor: the applications' own code, compiled, by ctypes. PEER_KERNELS names the library."""
import ctypes
import os

_library = ctypes.CDLL(os.environ["PEER_KERNELS"])
for _name, _count in (("points_inside", 2), ("least_divisor", 3), ("square_root", 1), ("is_prime", 1)):
    _function = getattr(_library, _name)
    _function.argtypes = [ctypes.c_uint64] * _count
    _function.restype = ctypes.c_int if _name == "is_prime" else ctypes.c_uint64

square_root = _library.square_root
is_prime = _library.is_prime


def call(task):
    """A task is the function's name and its arguments."""
    return getattr(_library, task[0])(*task[1:])
