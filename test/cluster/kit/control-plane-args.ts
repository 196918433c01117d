/** The command lines of the three programs. Each has its own loopback address, so that their usual ports are free. */
import { join } from 'node:path';
import type { AuditFiles } from './audit-log.ts';
import type { ClusterPki } from './cluster-pki.ts';

export interface ControlPlanePlace {
  readonly address: string;
  readonly directory: string;
  readonly pki: ClusterPki;
  readonly kubeconfig: string;
  readonly audit: AuditFiles;
  readonly hasNodes: boolean;
  readonly nodeGraceSeconds?: number | undefined;
}

export function etcdArgs({ address, directory }: ControlPlanePlace): string[] {
  const clients = `http://${address}:2379`;
  const peers = `http://${address}:2380`;
  return [
    '--name=test',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=test=${peers}`,
    // The data outlives a crash of the process, not one of the machine: enough here.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerArgs({ address, pki, audit, hasNodes }: ControlPlanePlace): string[] {
  return [
    `--etcd-servers=http://${address}:2379`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    ...(hasNodes ? kubeletArgs(pki) : withoutNodes),
    '--secure-port=6443',
    `--tls-cert-file=${pki.serving.certificateFile}`,
    `--tls-private-key-file=${pki.serving.keyFile}`,
    `--client-ca-file=${pki.caFile}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki.tokens.publicKeyFile}`,
    `--service-account-signing-key-file=${pki.tokens.privateKeyFile}`,
    `--audit-policy-file=${audit.policy}`,
    `--audit-log-path=${audit.log}`,
  ];
}

// An Endpoints object cannot hold a loopback address: the reconciler would log that for ever.
const withoutNodes = ['--endpoint-reconciler-type=none'];

function kubeletArgs({ kubeletClient, caFile }: ClusterPki): string[] {
  return [
    `--kubelet-client-certificate=${kubeletClient.certificateFile}`,
    `--kubelet-client-key=${kubeletClient.keyFile}`,
    `--kubelet-certificate-authority=${caFile}`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

export function controllerManagerArgs({ address, pki, kubeconfig, nodeGraceSeconds }: ControlPlanePlace): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${address}`,
    '--leader-elect=false',
    `--service-account-private-key-file=${pki.tokens.privateKeyFile}`,
    `--root-ca-file=${pki.caFile}`,
    `--cluster-signing-cert-file=${pki.caFile}`,
    `--cluster-signing-key-file=${pki.caKeyFile}`,
    ...(nodeGraceSeconds === undefined ? [] : [`--node-monitor-grace-period=${String(nodeGraceSeconds)}s`]),
  ];
}
