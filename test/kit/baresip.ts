/**
 * A real baresip, an implementation that is not ours, at either side: as Teams' end (TLS with client certificate, SRTP
 * mandatory) or as a PBX phone (UDP, RTP). It plays a tone into every call and records what it hears.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetstringSocket, type ControlMessage } from './netstring-socket.ts';
import { RunningProcess, run } from './process.ts';

const CONTROL_PORT = 4444;

export interface BaresipOptions {
  /** An own, empty directory: configuration and recordings go there. */
  readonly directory: string;
  /** The loopback address that it listens on, dials from and puts into SDP. */
  readonly address: string;
  /** `sip:+4930100@pbx.example.com`; calls to this user ring here. Several accounts share tone and recordings. */
  readonly accounts: readonly string[];
  /** Where requests go: `sip:127.20.1.10:5060;transport=udp`. */
  readonly outbound: string;
  /** WAV that the other side shall hear. */
  readonly tone: string;
  /** Default: automatic. */
  readonly answers?: 'automatic' | 'by command';
  /** Present: TLS on port 5061 with this certificate for both roles, and SRTP or no call. Absent: UDP on 5060 and RTP. */
  readonly tls?: { readonly bothFile: string; readonly rootFile: string };
  /** `127.20.1.53:53`, asked for every name. Default: the machine's. */
  readonly nameServer?: string;
  /** How the process is called in failures. */
  readonly name: string;
}

export interface Recordings {
  /** What it said, one file a call. */
  readonly said: readonly string[];
  /** What it heard, one file a call. */
  readonly heard: readonly string[];
}

let library: Promise<string> | undefined;

/** The library that gives baresip a loopback address of its own; built once a process. */
function sourceAddressLibrary(): Promise<string> {
  library ??= (async () => {
    const path = join(tmpdir(), `teams-sbc-srcip-${process.pid}.so`);
    process.on('exit', () => rmSync(path, { force: true }));
    await run('cc', ['-O1', '-Wall', '-shared', '-fPIC', '-o', path, join(import.meta.dirname, 'srcip.c'), '-ldl']);
    return path;
  })();
  return library;
}

function configuration(options: BaresipOptions): string {
  const modules = ['g711', 'aufile', 'aubridge', 'srtp', 'sndfile'].map((name) => `module ${name}.so`);
  const secure = options.tls
    ? [`sip_certificate ${options.tls.bothFile}`, `sip_cafile ${options.tls.rootFile}`, 'sip_verify_server yes']
    : [];
  return [
    // baresip puts TLS on the port above.
    `sip_listen ${options.address}:5060`,
    ...secure,
    ...(options.nameServer === undefined ? [] : [`dns_server ${options.nameServer}`]),
    'net_interface tb0',
    'call_local_timeout 120',
    'call_max_calls 8',
    `audio_source aufile,${options.tone}`,
    'audio_player aubridge,nil',
    'audio_alert aubridge,nil',
    'audio_buffer 20-160',
    'rtp_ports 10000-19998',
    'module_path /usr/lib/baresip/modules',
    ...modules,
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen ${options.address}:${CONTROL_PORT}`,
    `snd_path ${options.directory}`,
    '',
  ].join('\n');
}

function account(uri: string, options: BaresipOptions): string {
  const answer = options.answers === 'by command' ? 'manual' : 'auto';
  const transport = options.tls ? ';transport=tls' : ';transport=udp';
  const media = options.tls ? ';mediaenc=srtp-mand' : '';
  return `<${uri}${transport}>;regint=0;outbound="${options.outbound}";answermode=${answer}${media};audio_codecs=PCMA/8000/1,PCMU/8000/1\n`;
}

interface EventWaiter {
  readonly type: string;
  readonly found: (event: ControlMessage) => void;
}

export class Baresip {
  /** Everything that happened, in order. */
  readonly events: ControlMessage[] = [];
  readonly process: RunningProcess;
  readonly #options: BaresipOptions;
  readonly #answers = new Map<string, (answer: ControlMessage) => void>();
  readonly #waiters: EventWaiter[] = [];
  /** Events before this one were waited for already. */
  #seen = 0;
  #tokens = 0;
  #control: NetstringSocket | undefined;

  private constructor(options: BaresipOptions, child: RunningProcess) {
    this.#options = options;
    this.process = child;
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    mkdirSync(options.directory, { recursive: true });
    writeFileSync(join(options.directory, 'config'), configuration(options));
    writeFileSync(join(options.directory, 'accounts'), options.accounts.map((uri) => account(uri, options)).join(''));
    writeFileSync(join(options.directory, 'contacts'), '');
    const child = new RunningProcess('baresip', ['-f', options.directory], {
      name: options.name,
      env: { SRCIP: options.address, LD_PRELOAD: await sourceAddressLibrary() },
    });
    const phone = new Baresip(options, child);
    await child.waitForLine(/baresip is ready/);
    phone.#control = await phone.#openControl();
    return phone;
  }

  /** Places a call and returns once baresip has accepted the command, long before it rings. */
  async dial(uri: string): Promise<void> {
    await this.command('dial', uri);
  }

  async hangUp(): Promise<void> {
    await this.command('hangup');
  }

  async answer(): Promise<void> {
    await this.command('accept');
  }

  async command(command: string, params = ''): Promise<string> {
    const token = `t${++this.#tokens}`;
    const answered = new Promise<ControlMessage>((resolve) => this.#answers.set(token, resolve));
    this.#control?.send({ command, params, token });
    const answer = await this.#within(answered, 5000, `no answer to ${command}`);
    this.#answers.delete(token);
    if (answer.ok !== true) throw new Error(`${this.#options.name} refused ${command} ${params}: ${answer.data ?? ''}`);
    return answer.data ?? '';
  }

  /** The next event of this type that was not waited for before. */
  waitFor(type: string, withinMs = 10_000): Promise<ControlMessage> {
    const at = this.events.findIndex((event, index) => index >= this.#seen && event.type === type);
    const earlier = this.events[at];
    if (earlier) {
      this.#seen = at + 1;
      return Promise.resolve(earlier);
    }
    const found = new Promise<ControlMessage>((resolve) => this.#waiters.push({ type, found: resolve }));
    return this.#within(
      found,
      withinMs,
      `no ${type}; it had ${this.events.map((event) => event.type).join(' ') || 'no events'}`,
    );
  }

  /** Complete once the call they belong to is closed. */
  recordings(): Recordings {
    const files = readdirSync(this.#options.directory).sort();
    const ending = (end: string) =>
      files.filter((file) => file.endsWith(end)).map((file) => join(this.#options.directory, file));
    return { said: ending('-enc.wav'), heard: ending('-dec.wav') };
  }

  async stop(): Promise<void> {
    this.#control?.close();
    await this.process.end();
  }

  async #openControl(): Promise<NetstringSocket> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await NetstringSocket.open(CONTROL_PORT, this.#options.address, (message) => this.#hear(message));
      } catch (error) {
        if (attempt === 50 || this.process.isOver) throw error;
        await sleep(50);
      }
    }
  }

  #hear(message: ControlMessage): void {
    if (message.response === true) this.#answers.get(message.token ?? '')?.(message);
    if (message.event !== true) return;
    this.events.push(message);
    const at = this.#waiters.findIndex((waiter) => waiter.type === message.type);
    if (at < 0) return;
    this.#seen = this.events.length;
    this.#waiters.splice(at, 1)[0]?.found(message);
  }

  async #within<T>(wanted: Promise<T>, withinMs: number, complaint: string): Promise<T> {
    const over = new AbortController();
    const late = sleep(withinMs, undefined, { signal: over.signal }).then(() => {
      throw new Error(
        `${this.#options.name}: ${complaint} in ${withinMs} ms; its last lines:\n  ${this.process.lines.slice(-15).join('\n  ')}`,
      );
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([wanted, late]);
    } finally {
      over.abort();
    }
  }
}
