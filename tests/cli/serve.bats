load helpers

# serve ARGUMENTS...: in the background on a free port; $address and $server are set once it is ready.
serve() {
  : > out.txt
  "$INFEROMETER" serve --port 0 "$@" > out.txt 2> err.txt 3>&- &
  server=$!
  local waited
  for ((waited = 0; waited < 600; waited++)); do
    address=$(sed -n 's/^serving on //p' out.txt)
    [ -z "$address" ] || return 0
    kill -0 "$server" 2> /dev/null || { cat err.txt; return 1; }
    sleep 0.1
  done
  return 1
}

teardown() {
  [ -n "${server:-}" ] || return 0
  kill -9 "$server" 2> /dev/null || true
  wait "$server" 2> /dev/null || true
}

# call METHOD PATH [BODY [HEADER: VALUE]...]: $code and $body are set.
call() {
  local answer
  answer=$(python3 - "$address" "$@" << 'PYTHON'
import sys, urllib.error, urllib.request
address, method, path, *rest = sys.argv[1:]
request = urllib.request.Request(address + path, method=method, data=rest[0].encode() if rest and rest[0] else None)
for header in rest[1:]: request.add_header(*header.split(": ", 1))
try: answer = urllib.request.urlopen(request, timeout=60)
except urllib.error.HTTPError as error: answer = error
print(answer.status, answer.read().decode())
PYTHON
  )
  echo "$method $path: $answer"
  code=${answer%% *}
  body=${answer#* }
}

# body_has EXPRESSION: true of the JSON body, `b`.
body_has() { python3 -c 'import json, sys; b = json.loads(sys.argv[2]); sys.exit(0 if eval(sys.argv[1]) else "not true: " + sys.argv[1])' "$1" "$body"; }

# ends WITH: the server ends by itself with this exit code.
ends() {
  local ended=0
  wait "$server" || ended=$?
  server=
  [ "$ended" -eq "$1" ]
}

creation() {  # ENGINE REPOSITORY [MLLIB-MEMBERS]
  echo "{\"mllib\":\"$1\",\"type\":\"supervised\",\"parameters\":{\"input\":{\"connector\":\"image\"},\"mllib\":{${3:-}}},\"model\":{\"repository\":\"$2\"}}"
}

picture() { base64 -w 0 "$SOURCE_DIR/tests/unit/dataset/pictures/colour.jpg"; }

@test "it says where it listens, answers, and ends with 0 on a signal" {
  serve
  [[ "$address" =~ ^http://127\.0\.0\.1:[0-9]+$ ]]
  [ "$(wc -l < out.txt)" -eq 1 ]
  grep -q "^try: curl " err.txt
  call GET /info
  [ "$code" -eq 200 ]
  body_has "b['status'] == {'code': 200, 'msg': 'OK'} and b['head']['services'] == []"
  call GET /health
  body_has "b == {'status': {'code': 200, 'msg': 'OK'}, 'services': 0, 'workers_alive': 0}"
  kill -TERM "$server"
  ends 0
  serve --quiet
  [ ! -s err.txt ]
  kill -INT "$server"
  ends 0
}

@test "what it does not serve is a clean 404" {
  serve
  for route in "GET /" "GET /train" "POST /train" "DELETE /train" "GET /chain/a" "PUT /resources/a" "POST /stream/a" "POST /info" "PUT /predict" \
    "OPTIONS /predict" "GET /nowhere?x=1" "GET /info/" "DELETE /metrics" "PATCH /services/a" "GET /services" "GET /services/a/b"; do
    call ${route% *} "${route#* }"
    [ "$code" -eq 404 ]
    body_has "b['status']['code'] == 404 and b['status']['msg'] == 'NotFound' and 'dd_code' not in b['status']"
  done
  call GET /v2/nowhere
  [ "$code" -eq 404 ]
  body_has "list(b) == ['error']"
  call GET /metrics
  [[ "$body" == *'inferometer_requests_total{route="/predict",status="404"} 2'* ]]
}

@test "a token is asked for, in either form" {
  INFEROMETER_TOKEN=s3cret serve
  call GET /info
  [ "$code" -eq 401 ]
  body_has "b['status']['code'] == 401 and b['status']['msg'] == 'Unauthorized'"
  call GET /v2/health/live "" "Authorization: Bearer wrong"
  [ "$code" -eq 401 ]
  body_has "list(b) == ['error']"
  call GET /info "" "Authorization: Bearer s3cret"
  [ "$code" -eq 200 ]
  call GET /info "" "Authorization: Basic $(printf x:s3cret | base64)"
  [ "$code" -eq 200 ]
}

@test "services are there from the start, and metrics count what they do" {
  serve --service net=squeezenet1_1,engine=fake --service 'Digits=lenet5,width=28,height=28' --threads 1
  call GET /info
  body_has "[s['name'] for s in b['head']['services']] == ['digits', 'net']"
  call POST /predict "{\"service\":\"NET\",\"data\":[\"$(picture)\",\"$(picture)\"]}"
  [ "$code" -eq 200 ]
  body_has "[p['uri'] for p in b['body']['predictions']] == ['0', '1']"
  call POST /predict '{"service":"net","data":["nothing that could be read"]}'
  [ "$code" -eq 400 ]
  call GET /health
  body_has "b['services'] == 2 and b['workers_alive'] == 2"
  call GET /metrics
  for line in 'inferometer_services 2' 'inferometer_service_calls_total{service="net",outcome="success"} 1' \
    'inferometer_service_calls_total{service="net",outcome="failure"} 1' 'inferometer_service_images_total{service="net"} 2' \
    'inferometer_service_call_images_bucket{service="net",le="1"} 0' 'inferometer_service_call_images_bucket{service="net",le="2"} 1' \
    'inferometer_service_call_images_bucket{service="net",le="+Inf"} 1' 'inferometer_service_call_images_sum{service="net"} 2' \
    'inferometer_requests_total{route="/predict",status="400"} 1' 'inferometer_worker_alive{service="digits"} 1' \
    '# TYPE inferometer_service_call_duration_seconds histogram' 'inferometer_service_call_duration_seconds_count{service="net"} 1'; do
    grep -qxF "$line" <<< "$body" || { echo "missing: $line"; false; }
  done
  [ "$(sed -n 's/^inferometer_worker_resident_bytes{service="net"} //p' <<< "$body")" -gt 1000000 ]
}

@test "a call in flight is finished when it stops" {
  serve
  call PUT /services/slow "$(creation fake squeezenet1_1 '"delay_ms":"1500"')"
  [ "$code" -eq 201 ]
  call POST /predict "{\"service\":\"slow\",\"data\":[\"$(picture)\"]}" > answer.txt 3>&- &
  local client=$! waited
  for ((waited = 0; waited < 100; waited++)); do
    call GET /metrics > /dev/null
    grep -qx 'inferometer_running_calls 1' <<< "$body" && break
    sleep 0.05
  done
  kill -TERM "$server"
  ends 0
  wait "$client"
  grep -q '"code":200' answer.txt
}

@test "wrong options are told in one line" {
  inferometer serve --port 70000
  fails_with 2 "--port"
  inferometer serve --port 0 --host 0.0.0.0
  fails_with 2 "host 0.0.0.0 can be reached from other machines" "token"
  inferometer serve --port 0 --model-root nowhere
  fails_with 2 "--model-root nowhere: No such file or directory"
  touch file
  inferometer serve --port 0 --data-root file
  fails_with 2 "--data-root file: is no folder"
  inferometer serve --port 0 --engine onnxruntim
  fails_with 3 "there is no engine 'onnxruntim'" "onnxruntime"
  inferometer serve --port 0 --service net
  fails_with 2 "--service net: is no NAME=REPOSITORY" "--service net=squeezenet1_1"
  inferometer serve --port 0 --service net=lenet5,colour=red
  fails_with 2 "'colour=red' is none of engine=E, width=W, height=H"
  inferometer serve --port 0 --service net=lenet5,width=0
  fails_with 2 "--service net: width"
  inferometer serve --port 0 --service net=no_such_network
  fails_with 2 "--service net=no_such_network: "
  inferometer serve --quiet --port 0 --service a=lenet5 --service A=lenet5
  fails_with 2 "already exists"
  serve
  inferometer serve --port "${address##*:}"
  fails_with 2 "cannot listen on 127.0.0.1:${address##*:}: Address already in use" "port 0"
}

@test "10,000 idle connections cost little, and others are answered meanwhile" {
  local limit
  limit=$(ulimit -Hn)
  [ "$limit" = unlimited ] || [ "$limit" -ge 11000 ] || skip "this system allows $limit descriptors; 11000 are needed"
  serve
  run python3 "$BATS_TEST_DIRNAME/idle_connections.py" "${address##*:}" "$server" 10000
  echo "$output"
  [ "$status" -eq 0 ]
  kill -TERM "$server"
  ends 0
}
