"""Where draws are made: on the cores of this machine, by a Dask cluster or in Slurm jobs."""
