"""BOINC's signatures of programs: RSA with 1,024 bits over the MD5, in its text form (lib/crypt.cpp)."""
import secrets

BITS = 1024
E = 65537


def is_prime(number):
    """Miller and Rabin, with enough witnesses for a key that lives for a minute."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        x = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


def prime():
    while True:
        number = secrets.randbits(BITS // 2) | 3 << (BITS // 2 - 2) | 1
        if number % E != 1 and is_prime(number):
            return number


def to_text(data):
    return "".join(data[i:i + 32].hex() + "\n" for i in range(0, len(data), 32)) + ".\n"


class Key:
    def __init__(self):
        p, q = prime(), prime()
        self.n, self.d = p * q, pow(E, -1, (p - 1) * (q - 1))

    def public_text(self):
        return f"{BITS}\n" + to_text(self.n.to_bytes(BITS // 8, "big") + E.to_bytes(BITS // 8, "big"))

    def sign(self, md5):
        """PKCS #1, block type 1, around the digits of the MD5."""
        data = md5.encode()
        block = b"\x00\x01" + b"\xff" * (BITS // 8 - 3 - len(data)) + b"\x00" + data
        return to_text(pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(BITS // 8, "big"))
