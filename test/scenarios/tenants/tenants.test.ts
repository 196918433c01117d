/** Several tenants on one listener: each call carries the name of its own tenant and nothing of the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { raise, scenario, type Stage } from '../../kit/scenario.ts';
import { isOf, tenants, threeTenants, type Tenant } from './three-tenants.ts';

type TenantStage = Stage<'teams' | Tenant['pbx']>;
const USER = '+4989111111';
const PHONE = '+493055555';

const contactOf = ({ fqdn }: Tenant) => `<sip:${fqdn}:5061;transport=tls>`;
/** Who we are in a request of ours to Teams. */
const namedIn = (tenant: Tenant) => ({ via: new RegExp(`^SIP/2.0/TLS ${tenant.fqdn}:5061;`), 'record-route': null });

/** PBX calls, hold by Teams, hold by the PBX, then Teams hangs up. */
async function callFromPbx(
  { teams, ...stage }: TenantStage,
  tenant: Tenant,
  call: string = tenant.name,
): Promise<void> {
  const pbx = stage[tenant.pbx];
  await pbx.sends('INVITE', { to: USER, call });
  isOf(tenant, await pbx.gets(100));
  const invite = await teams.gets('INVITE', {
    call,
    to: USER,
    from: PHONE,
    uri: `sip:${USER}@sip.pstnhub.microsoft.com:5061;user=phone`,
    headers: { ...namedIn(tenant), contact: contactOf(tenant) },
  });
  assert.ok(invite.headers.from.uri.endsWith(`@${tenant.fqdn}`), invite.headers.from.uri);
  isOf(tenant, invite);
  await teams.sends(180);
  isOf(tenant, await pbx.gets(180));
  await teams.sends(200);
  isOf(tenant, await pbx.gets(200));
  await pbx.sends('ACK');
  isOf(tenant, await teams.gets('ACK', { headers: namedIn(tenant) }));

  await teams.sends('INVITE', { direction: 'inactive' });
  isOf(tenant, await teams.gets(100));
  isOf(tenant, await pbx.gets('INVITE'));
  await pbx.sends(200, { direction: 'inactive' });
  isOf(tenant, await teams.gets(200, { headers: { contact: contactOf(tenant) } }));
  await teams.sends('ACK');
  isOf(tenant, await pbx.gets('ACK'));

  await pbx.sends('INVITE', { direction: 'sendrecv' });
  await pbx.gets(100);
  isOf(tenant, await teams.gets('INVITE', { headers: { ...namedIn(tenant), contact: contactOf(tenant) } }));
  await teams.sends(200);
  isOf(tenant, await pbx.gets(200));
  await pbx.sends('ACK');
  isOf(tenant, await teams.gets('ACK', { headers: namedIn(tenant) }));
}

async function callFromTeams(
  { teams, ...stage }: TenantStage,
  tenant: Tenant,
  call: string = tenant.name,
): Promise<void> {
  const pbx = stage[tenant.pbx];
  const uri = `sip:${PHONE}@${tenant.fqdn}:5061;user=phone;transport=tls`;
  await teams.sends('INVITE', { to: PHONE, uri, call, headers: { to: { uri, params: {} } } });
  isOf(tenant, await teams.gets(100));
  isOf(tenant, await pbx.gets('INVITE', { call, to: PHONE, from: USER }));
  await pbx.sends(180);
  isOf(tenant, await teams.gets(180, { headers: { contact: contactOf(tenant) } }));
  await pbx.sends(200);
  isOf(tenant, await teams.gets(200, { headers: { contact: contactOf(tenant) } }));
  await teams.sends('ACK');
  isOf(tenant, await pbx.gets('ACK'));
}

async function hangsUp(
  { teams, ...stage }: TenantStage,
  tenant: Tenant,
  call: string,
  by: 'teams' | 'pbx',
): Promise<void> {
  const pbx = stage[tenant.pbx];
  const [one, other] = by === 'teams' ? [teams, pbx] : [pbx, teams];
  await one.sends('BYE', { call });
  isOf(tenant, await one.gets(200));
  isOf(tenant, await other.gets('BYE'));
  await other.sends(200);
}

scenario(
  'Three tenants with the same numbers are called at the same time: each call stands under its tenant’s name from INVITE to BYE',
  threeTenants,
  async (stage) => {
    for (const tenant of tenants) await callFromPbx(stage, tenant);
    assert.equal(stage.sbc.size()['calls'], tenants.length);
    for (const tenant of tenants) {
      const pbx = stage[tenant.pbx];
      await pbx.sends('BYE', { call: tenant.name });
      isOf(tenant, await pbx.gets(200));
      isOf(tenant, await stage.teams.gets('BYE', { headers: namedIn(tenant) }));
      await stage.teams.sends(200);
    }
  },
);

scenario(
  'Teams calls the same number of three tenants: the host of the request URI finds the PBX, and 18x and 200 carry that name',
  threeTenants,
  async (stage) => {
    for (const tenant of tenants) await callFromTeams(stage, tenant);
    for (const tenant of tenants) {
      await stage.teams.sends('BYE', { call: tenant.name });
      isOf(tenant, await stage.teams.gets(200));
      isOf(tenant, await stage[tenant.pbx].gets('BYE'));
      await stage[tenant.pbx].sends(200);
    }
  },
);

scenario('OPTIONS to each tenant’s name are answered under that name', threeTenants, async ({ teams }) => {
  for (const tenant of tenants) {
    const uri = `sip:${tenant.fqdn}:5061;transport=tls`;
    await teams.sends('OPTIONS', { to: '', uri, headers: { to: { uri, params: {} } } });
    isOf(tenant, await teams.gets(200, { headers: { contact: contactOf(tenant), 'record-route': null } }));
  }
});

scenario('A name that no tenant has is refused here, to calls and to OPTIONS', threeTenants, async ({ teams }) => {
  const strangers = ['delta.sbc-0.example.com', 'example.com', 'a.voice.gamma.example', '203.0.113.10'];
  for (const host of strangers) {
    await teams.sends('INVITE', { to: PHONE, uri: `sip:${PHONE}@${host}:5061;user=phone` });
    await teams.gets(100);
    await teams.gets(404);
    await teams.sends('OPTIONS', { to: '', uri: `sip:${host}:5061;transport=tls` });
    await teams.gets(404);
  }
});

scenario('A PBX cannot end another tenant’s call, though it knows its tags', threeTenants, async (stage) => {
  const [alpha] = tenants;
  assert.ok(alpha);
  const { teams, pbxAlpha, pbxBeta } = stage;
  await pbxAlpha.sends('INVITE', { to: USER });
  await pbxAlpha.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  const ok = await pbxAlpha.gets(200);
  await pbxAlpha.sends('ACK');
  await teams.gets('ACK');
  const { from, to } = ok.headers;
  const stolen = { from, to, 'call-id': ok.headers['call-id'], cseq: { seq: 7, method: 'BYE' } };
  // Beta could not tell whose answer that is; any other one would be left over.
  stage.network.dropsTo(1, 'pbxBeta', 403);
  await pbxBeta.sends('BYE', { to: USER, headers: stolen });
  await teams.getsNothing();
  await pbxAlpha.sends('BYE');
  await pbxAlpha.gets(200);
  await teams.gets('BYE');
  await teams.sends(200);
});

const countries: Readonly<Record<string, string>> = { 'pbx-alpha': 'DE', 'pbx-beta': 'FR' };
const abroad = {
  ...threeTenants,
  state: {
    ...threeTenants.state,
    trunks: threeTenants.state.trunks.map((trunk) => {
      const country = trunk.kind === 'PbxTrunk' ? countries[trunk.name] : undefined;
      return country === undefined ? trunk : { ...trunk, country };
    }),
  },
};

scenario('The same digits are another number for a tenant of another country', abroad, async ({ teams, ...stage }) => {
  const wanted = ['+49401234567', '+33401234567', '0401234567'];
  for (const [index, tenant] of tenants.entries()) {
    const pbx = stage[tenant.pbx];
    await pbx.sends('INVITE', { to: '0401234567', from: '0401234568' });
    await pbx.gets(100);
    const number = wanted[index] ?? '';
    await teams.gets('INVITE', { to: number, from: `${number.slice(0, -1)}8` });
    await teams.sends(486);
    await pbx.gets(486);
  }
});

const anyCall = fc.record({
  tenant: fc.constantFrom(...tenants),
  from: fc.constantFrom('teams', 'pbx'),
  by: fc.constantFrom('teams', 'pbx'),
  /** Ends before those of a higher number. */
  turn: fc.nat(),
});

test('However the calls of three tenants overlap, nothing of one is ever in a message of another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 2, maxLength: 8 }), async (calls) => {
      const { stage, finish } = raise(threeTenants);
      const named = calls.map((call, index) => ({ ...call, name: `call ${index}` }));
      for (const { tenant, from, name } of named)
        await (from === 'pbx' ? callFromPbx(stage, tenant, name) : callFromTeams(stage, tenant, name));
      for (const { tenant, by, name } of named.toSorted((a, b) => a.turn - b.turn))
        await hangsUp(stage, tenant, name, by);
      assert.equal(stage.records.length, calls.length);
      for (const { fromTrunk, toTrunk } of stage.records) assert.equal(fromTrunk.split('-')[1], toTrunk?.split('-')[1]);
      await finish();
    }),
    { numRuns: 30 },
  );
});
