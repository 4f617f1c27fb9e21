"""The scene of chapter 00, one that all chapters share: paths on a surface."""

from optim_core.scenes import Trajectories

__all__ = ["Trajectories"]
