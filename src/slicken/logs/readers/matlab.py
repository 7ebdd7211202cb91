"""MATLAB: variables and structs of a ``.mat`` file up to version 7.2."""

import io
from typing import Any

import numpy as np

from slicken.logs.readers.arrays import Holding

_DEEPEST = 16
_LONGEST_TEXT = 1_000


def find_matlab(content: bytes) -> Holding:
    """The variables of a ``.mat`` file, and the fields of its structs.

    Vectors of one length in the workspace, or in one struct, are one table; a matrix is columns.
    Tables, timetables and times are read by :mod:`~slicken.logs.readers.matobjects`; other
    objects, cell arrays and functions are left out; nothing in a file is evaluated.

    Raises:
        UnreadableError: if it holds more than any log.
    """
    import scipy.io

    file: Any = io.BytesIO(content)
    variables = scipy.io.loadmat(file, struct_as_record=True, squeeze_me=False)
    holding = Holding()
    for name, value in variables.items():
        if not name.startswith("__") or name == "__function_workspace__":
            _take("workspace", name, value, holding, 0)
    if "objects" in holding.left_out:  # pandas is needed for these alone
        from slicken.logs.readers.matobjects import take_objects

        take_objects(content, holding)
    return holding


def _take(place: str, name: str, value: Any, holding: Holding, depth: int) -> None:  # noqa: ANN401
    from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque

    if name in ("__function_workspace__", "None") or isinstance(
        value, (MatlabFunction, MatlabObject, MatlabOpaque)
    ):
        holding.left_out["objects"] = "objects of MATLAB"
    elif not isinstance(value, np.ndarray):
        holding.left_out[name] = "a sparse matrix"
    elif value.dtype.names:
        inside = name if place == "workspace" else f"{place}.{name}"
        if value.size != 1 or depth >= _DEEPEST:
            holding.left_out[name] = "an array of structs, or structs in structs without end"
            return
        for field in value.dtype.names:
            _take(inside, field, value.reshape(-1)[0][field], holding, depth + 1)
    elif value.dtype.kind in "iufb":
        holding.add_matrix(place, name, value.shape, lambda: value)
    elif value.dtype.kind == "U":
        if value.size == 1:
            holding.texts[place, name] = str(value.reshape(-1)[0])[:_LONGEST_TEXT]
    else:
        what = "complex numbers" if value.dtype.kind == "c" else "a cell array"
        holding.left_out[name] = what
