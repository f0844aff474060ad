"""A decision as tests need it."""

from ptmbench.records.decision import Decision, Picked, Promise, Rejected, Scored, Seen, Spent, Tested


def decision(**changes):
    """A decision for photos, with fields changed."""
    fields = {
        "task": "photos_full",
        "metric": "top1_accuracy",
        "validation_examples": 100,
        "finished": True,
        "note": None,
        "confidence": 0.95,
        "within": 0.01,
        "pick": Picked(
            model="resnet_tiny.glyphs", method="fine_tune", variant="full", quality=0.9, interval=(0.82, 0.95),
            test=Tested(case="resnet_tiny.glyphs-photos_full-fine_tune", value=0.89, interval95=(0.85, 0.92)),
        ),
        "static_pick": Picked(
            model="vgg_tiny.glyphs", method="fine_tune", variant="full", quality=None, interval=None,
            test=Tested(case="vgg_tiny.glyphs-photos_full-fine_tune", value=0.87, interval95=(0.83, 0.9)),
        ),
        "tied": [Seen(model="vgg_tiny.glyphs", method="fine_tune", stage="single", validation=0.88, quality=0.89)],
        "behind": [Seen(model="vae_tiny.glyphs", method="knn", stage="quick", validation=0.4, quality=0.41)],
        "rejected": [Rejected(model="wgan_tiny.glyphs", method=None, reason="size 60 MiB, at most 50 MiB")],
        "scored": [Scored(model="resnet_tiny.glyphs", score=2.0, static_rank=1.5, listed=True)],
        "chance_of_better": 0.2,
        "cost": Spent(seconds=40.0, share=0.031, everything_s=1290.0),
        "promise": Promise(data_sets=4, tasks=12, regret=0.004, worst=0.02, static_regret=0.003, covered=0.92),
        "command": "ptmbench run --model resnet_tiny.glyphs --task photos_full --method fine_tune --budget standard",
    }  # fmt: skip
    return Decision(**{**fields, **changes})
