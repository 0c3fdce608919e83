# Install Debian's Chromium for the browser tests, where it is absent and can be installed.
command -v chromium >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null 2>&1
fi
command -v chromium >/dev/null 2>&1 || echo "Chromium is absent: the browser tests will be skipped"
