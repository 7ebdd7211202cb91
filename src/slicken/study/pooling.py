"""Pooling: tables of several folds as one."""

from collections.abc import Sequence

import xarray as xr


def pool_targets(tables: Sequence[xr.Dataset]) -> xr.Dataset:
    """Tables of several folds as one: targets one after another, all else averaged over folds.

    Args:
        tables: Tables with dimensions ``target`` and, maybe, ``run``; runs that one of them lacks
            are left out. One is returned as it is.
    """
    if len(tables) == 1:
        return tables[0]
    if "run" in tables[0].dims:
        tables = xr.align(*tables, join="inner", exclude=set(tables[0].dims) - {"run"})
    over = [name for name, values in tables[0].variables.items() if "target" in values.dims]
    others = [name for name in tables[0].data_vars if name not in over]
    pieces = [table[[name for name in over if name in table.data_vars]] for table in tables]
    found = xr.concat(pieces, "target", coords="minimal", compat="override") if over else pieces[0]
    for name in others:
        kinds = [table[name] for table in tables]
        found[name] = sum(kinds[1:], start=kinds[0]) / len(kinds)
    return found.assign_attrs(tables[0].attrs)
