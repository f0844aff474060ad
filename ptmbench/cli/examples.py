"""What can be typed, by example: the end of each command's help."""

DEMO = """\
examples:
  ptmbench demo
  ptmbench demo --results first     keep the records, to render them: ptmbench report first
"""
RUN = """\
examples:
  ptmbench run -k "resnet and digits_5shot"
  ptmbench run --model vgg_tiny.glyphs --method linear_probe --seeds 3
  ptmbench run --budget standard --results results/mine --resume
  ptmbench run --jobs 1                                     case by case, for times of training with nothing beside
  ptmbench run -k photo --floors benchmarks/floors.toml     exit code 1 if a floor is missed
  ptmbench run --model "file:best.pth#torchvision:resnet18" --task "imagefolder:photos?shots=5"
"""
RECOMMEND = """\
examples:
  ptmbench recommend --task imagefolder:photos                           of all picture models on this disk
  ptmbench recommend --task digits_5shot --model resnet_tiny.glyphs --model vgg_tiny.glyphs
  ptmbench recommend --task "csv:reviews.csv?shots=50" --max-p95-ms 20 --licence MIT,Apache-2.0
  ptmbench recommend --task imagefolder:photos --time 10min --json        the decision alone on stdout
  ptmbench recommend --check                                              how right it was on data it had not seen
"""
LIST = """\
examples:
  ptmbench list models
  ptmbench list cases -k "resnet and not random"
  ptmbench list tasks --json
"""
REPORT = """\
examples:
  ptmbench report ptmbench-results/quick-cpu-fp32
  ptmbench report results/embedded/standard-cpu-fp32 --format markdown -o table.md
  ptmbench report results/main --card vgg_tiny.glyphs -o card.md
  ptmbench report results/main --plot -o plots/                                PNG and SVG
  ptmbench report results/main --format latex -o tables.tex                    for a paper, with booktabs
  ptmbench report results/main --mlflow http://localhost:5000                  a run for each case, logged once
  ptmbench report results/main results/today --format html -o site/     pages that work offline: open site/index.html
"""
HISTORY = """\
examples:
  ptmbench history nightly/                                       every results folder in nightly/ is a run
  ptmbench history nightly/ -k "resnet and digits_5shot" --metric latency_p50_s
  ptmbench history results/january results/february --metric macs --format json -o macs.json
"""
SHOW = """\
examples:
  ptmbench show vgg_tiny.glyphs-digits_5shot-knn            figures of each class, and which is taken for which
  ptmbench show fasterrcnn_tiny.glyphs-scene_boxes_full-fine_tune
  ptmbench show unet_tiny.glyphs-scene_masks_full-fine_tune --results results/mine -n 12 -o masks.png
"""
PROFILE = """\
examples:
  ptmbench profile resnet_tiny.glyphs
  ptmbench profile bert_tiny.invented --sequence-length 32
  ptmbench profile torchvision:resnet18 --batch-size 8 --json
"""
PRETRAIN = """\
examples:
  ptmbench pretrain resnet_tiny.glyphs
  ptmbench pretrain vgg_tiny.glyphs --out checkpoints/     stopped by Ctrl-C, the same command goes on
"""
FETCH = """\
examples:
  ptmbench fetch -k resnet18                                a name of `ptmbench list models`
  ptmbench fetch -k "resnet50 or cifar10"
  ptmbench fetch --model torchvision:resnet18@IMAGENET1K_V1 --task torchvision:DTD
  ptmbench fetch --model hf:google-bert/bert-base-uncased@86b5e0934494bd15c9632b12f734a8a67f723594
"""
GATE = """\
examples:
  ptmbench gate results/main ptmbench-results/quick-cpu-fp32
  ptmbench gate --against main -k "resnet and linear_probe"       runs main and this revision in turn, 15 times each
  ptmbench gate --against ../other/.venv/bin/python -k bert       other installed libraries
  ptmbench gate BASELINE CURRENT --config gate.toml --format github
"""
FLOORS = """\
examples:
  ptmbench floors --from results/embedded/quick-cpu-fp32
  ptmbench floors --from ptmbench-results/standard-cpu-fp32 --file floors.toml --write
"""
CALIBRATE = """\
examples:
  ptmbench calibrate -k "digits_5shot and linear_probe" --runs 5
  ptmbench calibrate -k resnet --runs 10 -o ci/gate.toml
"""
CHECK = """\
examples:
  ptmbench check reviews.tsv
  ptmbench check entities.conll --repair -o repaired.conll
  ptmbench check imagefolder:photos
  ptmbench check "coco:annotations.json?images=photos"
  ptmbench check --model best.pth                           what it holds, and would call; nothing of it is run
"""
