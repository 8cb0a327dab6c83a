"""Reading events as TensorBoard does."""

TIMES = "training/seconds"
"""The one figure that is never the same twice."""


def seen(folder):
    """Return what TensorBoard's own reader makes of a folder, nothing left out."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    everything = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0}
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


def content(folder):
    """Return all scalars, histograms and images of a folder: by tag, steps and values."""
    board = seen(folder)
    tags = board.Tags()
    found = {tag: [(e.step, e.value) for e in board.Scalars(tag)] for tag in tags["scalars"]}
    found.pop(TIMES, None)
    for tag in tags["histograms"]:
        found["histogram " + tag] = [(e.step, e.histogram_value) for e in board.Histograms(tag)]
    for tag in tags["images"]:
        found["image " + tag] = [(e.step, e.encoded_image_string) for e in board.Images(tag)]
    return found


def words(board, tag):
    """Return the text under a tag."""
    (event,) = board.Tensors(tag)
    return event.tensor_proto.string_val[0].decode()
