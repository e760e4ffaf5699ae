"""Inputs made of well-formed ones: octets changed, cut, doubled, and put in."""

TRIPPING = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b'"',
    b"\\",
    b"\\ud800",
    b"[" * 50,
    b'{"a":' * 50,
    b"]" * 50,
    b"--b0undary",
    b"--b0undary--",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xff" * 8,
    b"1e999",
    b"-0",
    b"9" * 400,
    b"NaN",
    b"\xe2\x80\x94 ",
    b"\n\n",
    b"=",
    b"@",
    b"\xed\xa0\x80",
]


def mutated(chance, octets):
    """Return octets with one to four changes."""
    made = bytearray(octets)
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(made) + 1)
        length = min(chance.choice((1, 2, 4, 16, 64)), len(made) - place)
        match chance.randrange(6):
            case 0:
                made[place : place + length] = chance.randbytes(length)
            case 1:
                del made[place : place + length]
            case 2:
                made[place:place] = made[place : place + length] * chance.choice((1, 2, 50))
            case 3:
                made[place:place] = chance.choice(TRIPPING)
            case 4 if made:
                made[place % len(made)] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(made) + 1)
                made[place:place] = made[other : other + length]
    return bytes(made)
