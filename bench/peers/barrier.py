from timing import report, seconds_per_operation, world


def repeat(count):
    for _ in range(count):
        world.Barrier()


report(bytes=0, seconds=seconds_per_operation(repeat))
