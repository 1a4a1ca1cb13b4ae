"""Graphs from images: plant roots over time, landmarks of the chest, meshes of the heart, and how far to trust them.

Five lines, from a drawn radiograph to a number that a physician reads:

    from graphseg.chest.phantoms import chest_phantom
    from graphseg.chest.cardiothoracic import cardiothoracic_ratio
    from graphseg.shapes.layouts import CHEST_LH
    phantom = chest_phantom(7)  # a picture, and the exact landmarks of lungs and heart
    ratio = cardiothoracic_ratio(phantom.landmarks_px[: CHEST_LH.n_nodes], CHEST_LH)  # width of heart to width of chest

The wings are `base`, `shapes`, `learning`, `chest`, `roots`, `hearts` and `study`; each module is the code of a lesson of the
same name below `nbs/`. Begin with `nbs/index.ipynb`; images of your own: `graphseg --help`.
"""

__version__ = "0.1.0"
