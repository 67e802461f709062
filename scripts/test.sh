#!/usr/bin/env bash
# Set up everything the tests need and run them all: the README's second command.
#
# Debian packages are installed where they are missing; Python and front-end packages go into .venv and
# widgets/node_modules. Every part runs even if an earlier one failed; the last lines say which did.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# -- set up ----------------------------------------------------------------------------------------------------------

packages=()
for package in chromium chromium-driver graphviz fonts-dejavu-core fonts-wqy-zenhei; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || packages+=("$package")
done
command -v npm >/dev/null || packages+=(nodejs npm)
if [ "${#packages[@]}" -gt 0 ]; then
    say "Debian packages: ${packages[*]}"
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q || exit 1
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${packages[@]}" || exit 1
fi

say "Python packages"
python=.venv/bin/python
[ -x "$python" ] || python3 -m venv .venv || exit 1
"$python" -m pip install --quiet --disable-pip-version-check --editable '.[test]' || exit 1

say "Front-end packages"
npm --prefix widgets ci --no-audit --no-fund || exit 1

# -- run -------------------------------------------------------------------------------------------------------------

# One thread each: parts run in parallel, and numbers must not depend on how many cores there are.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 PATH="$PWD/.venv/bin:$PATH"

failed=()
part() {
    local name=$1 started=$SECONDS
    shift
    say "$name"
    "$@" || failed+=("$name")
    printf -- '-- %s: %d s\n' "$name" $((SECONDS - started))
}
tests() { "$python" -m pytest -q -p no:cacheprovider "$@"; }
lessons() { tests -p nbval --nbval tutorials; }
bundles() {
    npm --prefix widgets run build && git diff --exit-code --stat -- autogradkit/widgets/_static
}

part "style" ruff check .
part "format" ruff format --check -q .
part "types" pyright --pythonpath "$python"
part "floors" lint-imports
part "front end: types" npm --prefix widgets run check
part "front end: tests" npm --prefix widgets test
part "front end: bundles are up to date" bundles
part "unit tests" tests tests --ignore tests/parity --ignore tests/browser -n 2
part "examples in the documentation" tests --doctest-modules autogradkit
part "parity with PyTorch" tests tests/parity -n 2
part "lessons" lessons
part "browser" tests tests/browser

if [ "${#failed[@]}" -gt 0 ]; then
    say "failed after $SECONDS s: $(printf '%s; ' "${failed[@]}")"
    exit 1
fi
say "everything passed in $SECONDS s"
