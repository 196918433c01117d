#!/usr/bin/env python3
"""What an SBC still does when twice as many calls come as it can take.

  overload.py --sbc A=kamailio --sbc B=4711@127.0.0.12

First the highest clean rate: step by step, until calls fail, are incomplete or sent again, or the SBC itself uses more than 90 % of its core. Then twice that
rate, from a PBX that takes a 503 for an answer. Told is how many calls a second come to their end meanwhile, as a share of the clean rate.
Signalling only. A call counts that Teams has seen whole and sipp has brought to its end within the load and DRAIN_S after it.
"""
import argparse
import time

from cps import one_run
from measure import GENERATOR_CPU, SBC_CPU, Pbx, core_busy_seconds, start_parts, start_teams, teams_counts, wait_until_ready, warm_up, write_result

MODE, HOLD_MS, DRAIN_S, BUSY = 'nomedia', 200, 3, .9


def is_clean(run):
    return not run['failed'] and not run['retransmissions'] and not run['incomplete']


def own_use(run):
    """The part of its core that the SBC itself used; strangers on it count only by what they do to the calls."""
    return round(run['sip_cpu_s_per_1000'] * run['succeeded'] / 1000 / run['wall_s'], 3)


def highest_clean_rate(sbc, teams, rates, seconds):
    """The runs, and the highest rate of a clean one; 0 where the first is none."""
    runs, highest = [], 0
    for rate in rates:
        run = one_run(sbc, teams, MODE, rate, seconds, HOLD_MS)
        if not is_clean(run) and own_use(run) <= BUSY:
            # Something else than the load, perhaps a neighbour on the machine.
            run = one_run(sbc, teams, MODE, rate, seconds, HOLD_MS)
        runs.append({'own_use': own_use(run)} | {key: run[key] for key in ('rate', 'succeeded', 'failed', 'incomplete', 'retransmissions', 'sbc_core_busy', 'generator_core_busy')})
        print(f'{sbc.label:10} {rate:5} calls/s: {run["failed"]} failed, {run["incomplete"]} incomplete, {run["retransmissions"]} sent again, '
              f'itself {own_use(run):.2f} of its core ({run["sbc_core_busy"]:.2f} busy), generators {run["generator_core_busy"]:.2f}', flush=True)
        if not is_clean(run) or own_use(run) > BUSY:
            break
        highest = rate
    return runs, highest


def overloaded_run(sbc, teams, rate, seconds):
    seen_before, busy, generators, began = teams_counts(teams), core_busy_seconds(SBC_CPU), core_busy_seconds(GENERATOR_CPU), time.time()
    pbx = Pbx(sbc, rate * seconds, rate, HOLD_MS, MODE, name='overload', scenario='pbx-uac-refusable.xml')
    pbx.limit = seconds + HOLD_MS / 1000 + DRAIN_S
    time.sleep(seconds)
    wall = time.time() - began
    busy, generators = core_busy_seconds(SBC_CPU) - busy, core_busy_seconds(GENERATOR_CPU) - generators
    pbx.limit -= wall
    pbx.wait()
    time.sleep(.3)
    seen = {method: count - seen_before[method] for method, count in teams_counts(teams).items()}
    refused = int(pbx.statistics().get('GenericCounter1(C)') or 0)
    succeeded = min(pbx.count('SuccessfulCall') - refused, seen['bye'] if seen else 10 ** 9)
    # sipp at its limit starts fewer calls than it was told to.
    return {'rate': rate, 'seconds': seconds, 'offered': int(pbx.statistics().get('TotalCallCreated') or 0), 'succeeded': succeeded, 'refused': refused,
            'failed': pbx.count('FailedCall'), 'retransmissions': pbx.count('Retransmissions'), 'teams_seen': seen,
            'sbc_core_busy': round(busy / wall, 3), 'generator_core_busy': round(generators / wall, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rates', default='1000,1250,1500,1750,2000,2250,2500,2750,3000,3500,4000', help='calls a second, rising')
    parser.add_argument('--step-seconds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=10, help='at twice the clean rate')
    parser.add_argument('--warm-up', type=int, default=20, help='seconds of calls at the first rate that do not count')
    parser.add_argument('--sbc', action='append', help='as in cps.py')
    options = parser.parse_args()

    sbcs = start_parts(options.sbc or ['kamailio=kamailio'], False)
    teams = start_teams('node', MODE)
    rates = [int(rate) for rate in options.rates.split(',')]
    results = {}
    for sbc in sbcs:
        wait_until_ready(sbc, MODE)
        warm_up(sbc, MODE, rates[0], options.warm_up)
        runs, clean = highest_clean_rate(sbc, teams, rates, options.step_seconds)
        results[sbc.label] = {'clean_rate': clean, 'runs': runs}
        if not clean:
            print(f'{sbc.label}: not clean at {rates[0]} calls/s, nothing to double')
            continue
        time.sleep(2)
        over = overloaded_run(sbc, teams, 2 * clean, options.seconds)
        share = over['succeeded'] / options.seconds / clean
        results[sbc.label] |= {'overloaded': over, 'share': round(share, 3)}
        print(f'{sbc.label}: clean to {clean} calls/s; at {2 * clean}/s ({over["offered"] / options.seconds:.0f}/s offered): {over["succeeded"] / options.seconds:.0f}/s succeed '
              f'= {share:.0%} of the clean rate; {over["refused"]} refused, {over["failed"]} failed, {over["retransmissions"]} sent again; '
              f'core {over["sbc_core_busy"]:.2f}, generators {over["generator_core_busy"]:.2f}', flush=True)
        # What is left of the load must not stand in the next one's way.
        time.sleep(2)
    write_result('overload', {'options': vars(options), 'by_sbc': results})


if __name__ == '__main__':
    main()
