import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { freeBlock } from '../kit/free-address.ts';
import { sharedPki } from '../kit/pki.ts';
import { writeTone } from '../kit/tone.ts';
import { hears } from './local-observe.ts';

for (const kind of ['UDP and RTP', 'TLS and SRTP'] as const) {
  test(`two baresips hear each other over ${kind}`, async (t) => {
    const block = await freeBlock();
    const home = mkdtempSync(join(tmpdir(), 'baresip-'));
    t.after(() => {
      block.release();
      rmSync(home, { recursive: true });
    });
    const isSecure = kind === 'TLS and SRTP';
    const transport = isSecure ? '5061;transport=tls' : '5060;transport=udp';
    const phone = async (host: number, user: string, hertz: number) => {
      const tone = join(home, `${user}.wav`);
      writeTone(tone, { hertz, seconds: 20 });
      const address = block.address(host);
      const pki = await sharedPki();
      const { bothFile } = await pki.leaf({ names: [address] });
      const started = await Baresip.start({
        name: user,
        directory: join(home, user),
        address,
        accounts: [`sip:${user}@phone.example.com`],
        outbound: `sip:${block.address(host === 1 ? 2 : 1)}:${transport}`,
        tone,
        ...(isSecure ? { tls: { bothFile, rootFile: pki.rootFile } } : {}),
      });
      t.after(() => started.stop());
      return started;
    };
    const caller = await phone(1, 'alice', 440);
    const callee = await phone(2, 'bob', 1000);

    await caller.dial('sip:bob@phone.example.com');
    await callee.waitFor('CALL_ESTABLISHED');
    await caller.waitFor('CALL_ESTABLISHED');
    await Promise.all([hears(caller, 1000), hears(callee, 440)]);
    await caller.hangUp();
    await callee.waitFor('CALL_CLOSED');
  });
}
