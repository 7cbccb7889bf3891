"""Recognise an address that already has its code, without keeping the address in metadata.

Each code made for an address carries a salted hash of it, so that the next plan neither looks the customer up
again nor moves the code when the file is reordered.

**What the hash is good for, and what not.** The salt is made from owner and batch, so everybody who has the
configuration can compute it, and every code of a batch shares it. A random salt for each code would need every
address hashed with every salt to find its code (10,000 x 10,000), and a random one for each batch would have
to lie beside the hash, where whoever reads the one reads the other. So the hash keeps addresses out of exports,
logs and screenshots, and the codes of one person cannot be linked from batch to batch; but somebody who
already has a list of addresses *and* the hashes can test the one against the other. A slow hash would not
change that much, as lists of addresses are short, and would make large files slow. Whoever can read the
metadata in Stripe can in any case read the customer beside it.
"""

from __future__ import annotations

from hashlib import blake2b


def normalise(address: str) -> str:
    """Return what makes two spellings the same address: no blanks around it, and no case."""
    return address.strip().lower()


def batch_salt(owner: str, batch: str) -> bytes:
    """Return the salt of a batch: the same in every run, another one for every owner and batch."""
    return blake2b(f"{len(owner)}:{owner}{batch}".encode(), digest_size=32, person=b"promosync salt").digest()


def salted_hash(address: str, salt: bytes) -> str:
    """Return 128 bits in hexadecimal that name an address within a batch, whatever its case.

    ``salt`` is that of :func:`batch_salt`, at most 64 bytes.
    """
    return blake2b(normalise(address).encode(), digest_size=16, key=salt).hexdigest()
