#!/bin/sh
# Installs the packages of a requirements file, once, and prints the path of a Python that has them:
#   "$(scripts/python-env.sh requirements.txt)" script.py
# It needs Python 3.9 or later with pip; where venv cannot make an environment (Debian without python3-venv), the packages
# go into a folder, and the printed program is a launcher that has Python look there.
set -eu

[ $# -eq 1 ] || { echo "usage: python-env.sh REQUIREMENTS-FILE" >&2; exit 2; }
requirements=$1
python=${PYTHON:-python3}
version=$("$python" -c 'import platform, sys; print(sys.version_info[0:2], platform.machine())')
checksum=$({ cat "$requirements"; echo "$version"; } | cksum | cut -d ' ' -f 1)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/modelserver
environment=$cache/python-$checksum
launcher=$environment/bin/python
[ -e "$environment/.complete" ] && { echo "$launcher"; exit 0; }

# The folder gets its files where it will stay, since a venv cannot be moved; the mark that it is whole comes last, and
# whoever is second waits for the first.
mkdir -p "$cache"
exec 9>"$environment.lock"
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
[ -e "$environment/.complete" ] && { echo "$launcher"; exit 0; }
rm -rf "$environment"

install() { "$@" --quiet --disable-pip-version-check --no-input --requirement "$requirements" >&2; }

if [ "${PYTHON_ENV_PLAIN:-}" != 1 ] && "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  "$python" -m venv "$environment" >&2
  install "$launcher" -m pip install
else
  mkdir -p "$environment/bin"
  install "$python" -m pip install --target "$environment/packages"
  real=$("$python" -c 'import sys; print(sys.executable)')
  cat >"$launcher" <<LAUNCHER
#!/bin/sh
PYTHONPATH='$environment/packages' exec '$real' "\$@"
LAUNCHER
  chmod +x "$launcher"
fi
touch "$environment/.complete"
echo "$launcher"
