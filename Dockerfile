# The server's image (--target server) and the operator's (--target operator). `make images` builds both, with or without a
# daemon: first it lays out in .cache/images/stage what goes into them, with the npm and pip of the machine that builds, so
# that nothing is downloaded here; see docs/decisions/0010-images-are-laid-out-first.md.
ARG BASE=docker.io/library/debian:12-slim

FROM ${BASE} AS common
# The one library that Node needs and a small Debian lacks.
RUN ldconfig -p | grep -q 'libatomic\.so\.1' || { \
      apt-get update && apt-get install --yes --no-install-recommends libatomic1 && rm -rf /var/lib/apt/lists/*; }
# The Node that the project pins, where the programs in bin look for it.
COPY .cache/images/stage/node /opt/modelserver/node_modules/.bin/node
ARG VERSION=0.0.0
ARG REVISION=
LABEL org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION} \
      org.opencontainers.image.licenses=Apache-2.0
# Any other user id will do as well: everything may be read by all, and only /tmp is written to.
ENV HOME=/tmp
# What Node makes of the sources is made with the image: a start takes a second less, and 30 MB. Node looks for it by user id: what
# runs under another does without.
ENV NODE_COMPILE_CACHE=/opt/modelserver/compiled
USER 65532:65532
WORKDIR /tmp

FROM ${BASE} AS openvino
# Devices whose plugins are wanted: CPU, GPU, NPU. The drivers of GPU and NPU must come with the base.
ARG OPENVINO_DEVICES=CPU
COPY .cache/images/stage/openvino /opt/openvino
RUN cd /opt/openvino && rm -f tbb.pc && \
    case " ${OPENVINO_DEVICES} " in *' GPU '*) ;; *) rm -f libopenvino_intel_gpu_plugin.so cache.json ;; esac && \
    case " ${OPENVINO_DEVICES} " in *' NPU '*) ;; *) rm -f libopenvino_intel_npu_plugin.so ;; esac

FROM common AS server
LABEL org.opencontainers.image.title=modelserver \
      org.opencontainers.image.description="Serves OpenVINO models over the gRPC APIs of TensorFlow Serving and KServe"
ENV OPENVINO_LIB_DIR=/opt/openvino
COPY --from=openvino /opt/openvino /opt/openvino
COPY .cache/images/stage/server /opt/modelserver
USER root
RUN --mount=type=bind,source=.cache/images/stage/compile,target=/mnt \
    install -d -o 65532 "$NODE_COMPILE_CACHE" && \
    setpriv --reuid=65532 --regid=65532 --clear-groups /opt/modelserver/node_modules/.bin/node /mnt/compile-all.ts server && \
    chown -R 0:0 "$NODE_COMPILE_CACHE" && chmod -R a+rX "$NODE_COMPILE_CACHE"
USER 65532:65532
EXPOSE 9000
ENTRYPOINT ["/opt/modelserver/bin/modelserver"]

FROM common AS operator
LABEL org.opencontainers.image.title=modelserver-operator \
      org.opencontainers.image.description="Runs ModelServer resources on Kubernetes"
COPY .cache/images/stage/operator /opt/modelserver
USER root
RUN --mount=type=bind,source=.cache/images/stage/compile,target=/mnt \
    install -d -o 65532 "$NODE_COMPILE_CACHE" && \
    setpriv --reuid=65532 --regid=65532 --clear-groups /opt/modelserver/node_modules/.bin/node /mnt/compile-all.ts operator && \
    chown -R 0:0 "$NODE_COMPILE_CACHE" && chmod -R a+rX "$NODE_COMPILE_CACHE"
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/opt/modelserver/bin/modelserver-operator"]
