"""What performance defects cost: sound programs and injected ones, timed over growing inputs."""

from benchmarks.growth.command import growth

__all__ = ["growth"]
