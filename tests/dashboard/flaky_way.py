"""A way to a server on this machine that can break down and come back, as networks do."""
import selectors
import socket
import threading


class FlakyWay:
    """Passes connections to 127.0.0.1:port on."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.is_broken = False
        self.open_sockets = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.break_down()

    def break_down(self):
        """Every connection ends, and no new one comes about."""
        with self.lock:
            self.is_broken = True
            for one in self.open_sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def come_back(self):
        with self.lock:
            self.is_broken = False

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if self.is_broken:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(('127.0.0.1', self.target))
                except OSError:
                    near.close()
                    continue
                self.open_sockets |= {near, far}
            threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _pass_on(self, near, far):
        try:
            with near, far, selectors.DefaultSelector() as selector:
                selector.register(near, selectors.EVENT_READ)
                selector.register(far, selectors.EVENT_READ)
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        (far if key.fileobj is near else near).sendall(data)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open_sockets -= {near, far}
