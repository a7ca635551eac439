# muxshark with its compiled scan. The image was never built; its steps were run by hand on a bare Debian 13 with
# Python 3.13, gcc and libc6-dev.
#   docker build -t muxshark . && docker run --rm -v "$PWD:/captures" muxshark call.pcap
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY . /source
RUN MUXSHARK_REQUIRE_EXTENSION=1 pip wheel --no-deps --wheel-dir /wheels /source

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -r /wheels
WORKDIR /captures
ENTRYPOINT ["muxshark"]
