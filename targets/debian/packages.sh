# What is in which package: its user, state and logs, unit, programs, documents. Read by build.sh and tests/debian.sh.
# shellcheck shell=bash disable=SC2034
packages="tollgate-agent tollgate-center tollgate-satellite"

about() { # PACKAGE
    case $1 in
        tollgate-agent)
            user=tollgate state=/var/lib/tollgate mode=0750 logs=/var/log/tollgate programs=tollgate-agent
            unit=targets/generic/tollgate-agent.service depends="libc6 (>= 2.36), libgcc-s1, libpcap0.8"
            recommends='' documents="agent counting ids operating"
            summary="counts the components of an industrial network"
            text="The program of a sensor: counts components from mirrored traffic, exactly and in bounded memory, and reports to a Center."
            ;;
        tollgate-center)
            user=tollgate-center state=/var/lib/tollgate-center mode=0711 logs='' programs="tollgate-center smartagentctl"
            unit=targets/center/tollgate-center.service depends="libc6 (>= 2.36), libgcc-s1"
            recommends=mosquitto documents="center licensing integration"
            summary="one exact count over all sensors of a plant"
            text="Takes over what sensors saw, unites it, and says how the licence stands. smartagentctl is the licence command beside it."
            ;;
        tollgate-satellite)
            user=tollgate-satellite state=/var/lib/tollgate-satellite mode=0750 logs='' programs=tollgate-satellite
            unit=targets/satellite/tollgate-satellite.service depends="libc6 (>= 2.36), libgcc-s1"
            recommends='' documents="satellite licensing"
            summary="licence authority of a plant"
            text="Keeps the books of a smart account: licences, tokens, reservations, authorization codes."
            ;;
        *) echo "debian: no package '$1'; there are: $packages" >&2; return 1 ;;
    esac
}
