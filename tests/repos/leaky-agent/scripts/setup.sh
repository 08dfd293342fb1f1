#!/usr/bin/env bash
set -euo pipefail

# the checked way
curl -fsSLo /tmp/jq https://github.com/jqlang/jq/releases/download/jq-1.7.1/jq-linux-amd64
echo "5942c9b0934e510ee61eb3e30273f1b3fe2590df93933a93d7c58b81d19c8ff5  /tmp/jq" | sha256sum -c -
sudo install -m 755 /tmp/jq /usr/local/bin/jq

# and the other one
sudo curl -L -o /usr/local/bin/mcp-gateway https://github.com/acme/mcp-gateway/releases/latest/download/mcp-gateway-linux-amd64
sudo chmod +x /usr/local/bin/mcp-gateway

curl -s http://localhost:8080/health | python3 -m json.tool
