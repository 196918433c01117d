/** The reasons of what an instance needs from outside: its certificate, and addresses. */
import { bad, good, open, passing, pending } from './reason-entry.ts';

export const certificateReady = {
  ...pending,
  Valid: good('The certificate is valid now, covers every FQDN and belongs to its key'),
  ExpiresSoon: good('The certificate is valid for less than 30 days', 'Renew it; cert-manager does so by itself'),
  IssuedUsagesDiffer: good(
    'The certificate is usable; the issuer gave it other usages than spec.tls.usages asks for',
    'Nothing, where the message speaks of client auth alone: Microsoft takes certificates without it. Else choose another profile at the issuer',
  ),
  KeyNotRsa: good(
    'The certificate is usable for PBXs; its key is not RSA, and the TLS 1.2 suites that Microsoft lists are for RSA keys',
    'Issue it with an RSA key of 2048 bits or more where the instance has TeamsTrunks',
  ),
  NamesLeftOut: good(
    'The certificate is usable; an issuer puts at most 100 names into one, and those of the youngest trunks are not in it',
    'Move those trunks to another SbcInstance, give them spec.subdomain instead of fqdns (a wildcard covers it), or bring a certificate with spec.tls.secretRef',
  ),
  CertManagerNotInstalled: bad(
    'spec.tls.issuerRef is set, and the cluster has no cert-manager',
    'Install cert-manager (cert-manager.io), or bring a Secret with spec.tls.secretRef',
  ),
  SecretNotOurs: bad(
    'spec.tls.issuerRef is set, and the Secret that the certificate would be written to is there already and was not written for it; it is not overwritten',
    'Delete or rename the Secret that the message names, or use it as it is with spec.tls.secretRef',
  ),
  Issuing: passing(
    'cert-manager is about to issue the certificate',
    'Wait; if it takes minutes: kubectl describe certificate, certificaterequest, order',
  ),
  IssuerNotReady: bad(
    'cert-manager waits for the issuer: it is not there, or not ready itself',
    'Create the issuer that spec.tls.issuerRef names, or name another one; kubectl describe issuer says why it is not ready',
  ),
  IssuanceFailed: bad(
    'The issuer refused or could not issue the certificate',
    'The message is that of cert-manager; mend the issuer or the DNS challenge, it is tried again by itself',
  ),
  SecretNotFound: bad(
    'The Secret of the certificate is not there',
    'Create the Secret of type kubernetes.io/tls that spec.tls.secretRef names',
  ),
  InvalidKeyPair: bad(
    'tls.crt or tls.key is missing or cannot be read, or the key belongs to another certificate; the pods keep the last good one',
    'Put the certificate with its intermediates into tls.crt and its own private key into tls.key',
  ),
  NameNotCovered: bad(
    'The certificate lacks a name that pods or trunks have; Microsoft refuses it for that name',
    'Issue it with all names that the message lists; a wildcard stands for one label',
  ),
  Expired: bad('The certificate is no longer valid', 'Renew it; the pods take it up without a restart'),
  NotYetValid: bad('The certificate is not valid yet', 'Wait until then, or see whether a clock is wrong'),
  KeyTooSmall: bad('The RSA key has less than 2048 bits', 'Issue it with a key of 2048 bits or more'),
  WrongUsage: bad(
    'The certificate is not for servers (serverAuth)',
    'Issue it with the usage server auth; Microsoft demands it',
  ),
} as const;

export const addressesAssigned = {
  ...pending,
  Assigned: good('Every pod has an address of its own; status.addresses lists what DNS must say'),
  AddressPending: passing(
    'A pod has no address yet, as is usual while it or its load balancer starts',
    'Wait; after five minutes it becomes AddressMissing',
  ),
  AddressMissing: bad(
    'A pod has no address',
    'The message names the pod and what it waits for: a node, a load balancer, or an entry of spec.network.addresses',
  ),
  ApplyFailed: open(
    'There is no pod that could have an address, and none can be made: the API server refused a part of the instance, or an object of somebody else has its name',
    'The message names the obstacle; the condition Programmed says what helps',
  ),
  AddressShared: bad(
    'Two pods have the same address; Teams refuses several gateways behind one',
    'Give each pod its own: another node, or an own entry of spec.network.addresses',
  ),
} as const;
