"""Recognises an address that already has its code, without storing the address in metadata.

Each code for an address has a salted hash of it. So the next plan does not look up the customer again, and a code
stays with its address when the lines of the file change their order.

**What the hash protects, and what not.** The salt is made from owner and batch: everybody who has the configuration
can compute it, and all codes of a batch share it. With a random salt for each code, every address would have to be
hashed with every salt to find its code (10,000 x 10,000). A random salt for each batch would have to be stored with
the hash, and whoever reads one reads the other. So the hash keeps addresses out of exports, logs and screenshots, and
the codes of one person cannot be linked across batches. But somebody who has a list of addresses *and* the hashes can
test which belong together. A slow hash would hardly prevent that, because lists of addresses are short, and it would
make large files slow. Whoever can read the metadata in Stripe can read the customer there, too.
"""

from __future__ import annotations

from hashlib import blake2b


def normalise(address: str) -> str:
    """Return an address in the form that is compared: without blanks around it, in lower case."""
    return address.strip().lower()


def batch_salt(owner: str, batch: str) -> bytes:
    """Return the salt of a batch: the same in every run, different for every owner and batch."""
    return blake2b(f"{len(owner)}:{owner}{batch}".encode(), digest_size=32, person=b"promosync salt").digest()


def salted_hash(address: str, salt: bytes) -> str:
    """Return 128 bits in hexadecimal that identify an address within a batch; case does not count.

    ``salt`` is that of :func:`batch_salt`, at most 64 bytes.
    """
    return blake2b(normalise(address).encode(), digest_size=16, key=salt).hexdigest()
