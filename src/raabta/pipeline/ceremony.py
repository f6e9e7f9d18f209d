"""Keys as files: made once, private for its holder alone."""

import os
from collections.abc import Callable
from pathlib import Path

from raabta.remedy.keys import NONCE_BYTES, SALT_BYTES, SCRYPT_N, SEED_BYTES, SigningKey, public_file, seal_key


def make_key(
    folder: Path, name: str, *, passphrase: str, new_bytes: Callable[[int], bytes], scrypt_n: int = SCRYPT_N
) -> Path:
    """Make ``NAME.key`` (mode 0600, sealed) and ``NAME.pub`` in a folder.

    Args:
        folder: Made where it is missing.
        name: Whose key it is.
        passphrase: Seals it.
        new_bytes: Gives random bytes.
        scrypt_n: Cost of a guess at the passphrase.

    Returns:
        The ``.pub`` file.

    Raises:
        ValueError: Name or passphrase will not do.
        FileExistsError: A key of this name is there already: none is ever overwritten.
    """
    seed = new_bytes(SEED_BYTES)
    salt, nonce = new_bytes(SALT_BYTES), new_bytes(NONCE_BYTES)
    sealed = seal_key(seed, passphrase, name=name, salt=salt, nonce=nonce, n=scrypt_n)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    public = folder / f"{name}.pub"
    public.write_bytes(public_file(SigningKey(name, seed).public))
    return public
