def null(x):
    return x
