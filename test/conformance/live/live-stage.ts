/**
 * The live process between a known PBX (UDP) and the simulated Microsoft (TLS), both in the test's hands: what they send
 * is octets, what they hear is kept, and the process must be found unharmed at the end.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { statusOf } from '../../kit/agent-text.ts';
import { FQDN, PBX_NUMBER } from '../../kit/ground.ts';
import { eventually } from '../../integration/local-observe.ts';
import { raiseSimulatedStage, type SimulatedStage } from '../../integration/local-stage.ts';
import { openTls, sipRequest } from '../../integration/tls-client.ts';
import type { KeyPair } from '../../teams-simulator/teams-simulator.ts';

export const SIP_PORT = 5060;
const MEGABYTE = 1024 * 1024;
/** T1. */
const SEND_AGAIN_MS = 500;

export interface LiveStage extends SimulatedStage {
  readonly pbx: UdpPeer;
  readonly identity: KeyPair;
  readonly pidBefore: number;
  readonly rssBefore: number;
}

export async function raiseLiveStage(t: TestContext): Promise<LiveStage> {
  const stage = await raiseSimulatedStage(t);
  // What gets through as a call is refused: nothing here waits for an ACK that nobody sends.
  stage.simulator.onCall = (call) => call.reject(486);
  const { ground, pod } = stage;
  const pbx = await UdpPeer.open(ground.at.pbx, pod.address);
  t.after(() => pbx.close());
  const pidBefore = pod.pid('runtime');
  return { ...stage, pbx, identity: await ground.pki.microsoft(), pidBefore, rssBefore: rssBytes(pidBefore) };
}

/** Resident now. */
export function rssBytes(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/** In whatever case the name stands. */
export const headerOf = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r?$`, 'im').exec(text)?.[1];

/** A SIP peer over UDP on its port 5060, which says nothing by itself but 200 to OPTIONS. */
export class UdpPeer {
  readonly heard: string[] = [];
  /** Sees what is heard first. */
  onText: (text: string) => void = () => undefined;
  readonly #sockets = new Map<number, ReturnType<typeof createSocket>>();
  readonly #address: string;
  readonly #to: string;

  private constructor(address: string, to: string) {
    this.#address = address;
    this.#to = to;
  }

  static async open(address: string, to: string): Promise<UdpPeer> {
    const peer = new UdpPeer(address, to);
    await peer.listen(SIP_PORT);
    return peer;
  }

  get address(): string {
    return this.#address;
  }

  /** Takes answers on this port as well: a Via may name another than the one it is sent from. */
  async listen(port: number): Promise<void> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * MEGABYTE });
    socket.on('message', (datagram) => {
      const text = datagram.toString('latin1');
      if (text.startsWith('OPTIONS ')) {
        void this.send(responseText(text, 200));
        return;
      }
      this.heard.push(text);
      this.onText(text);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, this.#address, resolve);
    });
    this.#sockets.set(port, socket);
  }

  send(data: string | Buffer): Promise<void> {
    const datagram = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    return new Promise((resolve) => this.#sockets.get(SIP_PORT)!.send(datagram, SIP_PORT, this.#to, () => resolve()));
  }

  /** Returns once the process has worked off all that was sent before: it answers in the order in which datagrams come. */
  async probe(method = 'OPTIONS'): Promise<number> {
    const text = sipRequest(method, `${this.#address}:${SIP_PORT}`, 'UDP', `sip:${this.#to}`);
    const callId = headerOf(text, 'Call-ID')!;
    const answers = () => this.heard.filter((heard) => heard.includes(callId) && statusOf(heard) >= 200);
    // After a flood the kernel's buffer may be full, and what comes then is dropped: sent once, it would be waited for in vain.
    const again = setInterval(() => void this.send(text), SEND_AGAIN_MS);
    try {
      await this.send(text);
      await eventually('a probe is answered', answers, (found) => found.length > 0);
    } finally {
      clearInterval(again);
    }
    return statusOf(answers()[0]!);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}

/** A connection as Microsoft opens it; keeps what it hears. */
export class TlsPeer {
  readonly socket: TLSSocket;
  heard = '';
  isClosed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.heard += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  static async open({ pod, identity }: LiveStage, from: string): Promise<TlsPeer> {
    const peer = new TlsPeer(openTls({ from, to: pod.address, identity }));
    await once(peer.socket, 'secureConnect');
    return peer;
  }

  get address(): string {
    return this.socket.localAddress!;
  }

  send(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** The messages heard so far. */
  messages(): string[] {
    return this.heard
      .split(/(?=^SIP\/2\.0 \d{3} |^[A-Z]+ sips?:\S+ SIP\/2\.0\r$)/m)
      .filter((text) => text.trim() !== '');
  }

  async probe(): Promise<number> {
    const text = sipRequest('OPTIONS', this.address);
    const callId = headerOf(text, 'Call-ID')!;
    this.send(text);
    const answer = () => this.messages().find((heard) => heard.includes(callId));
    await eventually(
      'a probe is answered',
      () => answer() ?? this.isClosed,
      (found) => found !== false,
    );
    return statusOf(answer() ?? '');
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A whole call from Microsoft that the PBX refuses: both sides, RTPEngine and the routes between them work. */
export async function assertCallWorks({ simulator, pbx }: LiveStage): Promise<void> {
  const before = pbx.heard.length;
  const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
  const invite = () => pbx.heard.slice(before).find((text) => text.startsWith('INVITE '));
  await eventually('the PBX is called', invite, (found) => found !== undefined);
  await pbx.send(responseText(invite()!, 486));
  await assert.rejects(call.answered, /486/);
}

/** An answer as a PBX of a few lines gives it. */
export function responseText(request: string, status: number, headers: readonly string[] = [], body = ''): string {
  const lines = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
  const copied = (name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`));
  const to = copied('to')[0]!;
  return [
    `SIP/2.0 ${status} Whatever`,
    ...copied('via'),
    ...copied('record-route'),
    ...copied('from'),
    /;tag=/i.test(to) ? to : `${to};tag=pbx`,
    ...copied('call-id'),
    ...copied('cseq'),
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** The same process, no error of ours in log or counters, no call left, memory within bounds. */
export async function assertUnharmed(stage: LiveStage, maxGrowthMegabytes: number): Promise<void> {
  const { pod, sbc, pidBefore, rssBefore } = stage;
  assert.equal(pod.pid('runtime'), pidBefore);
  const ends = sbc.events.filter(({ event }) => event === 'exited' || event === 'not-ready');
  assert.deepEqual(ends, []);
  assert.deepEqual(
    pod.log().filter(({ level }) => level === 'error'),
    [],
  );
  for (const protocol of ['UDP', 'TCP', 'TLS'])
    assert.equal(await pod.metric('sbc_refused_total', { protocol, reason: 'internal-error' }), 0);
  await pod.isEmpty();
  assert.equal((await pod.status()).calls.active, 0);
  const grown = (rssBytes(pidBefore) - rssBefore) / MEGABYTE;
  assert.ok(grown < maxGrowthMegabytes, `grew by ${grown.toFixed(0)} MB`);
}
