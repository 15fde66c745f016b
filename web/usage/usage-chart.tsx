/** Node time by day, as bars. A chunk of its own: recharts is larger than the rest of the page. */
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { duration } from '../parts/format.ts';

export interface UsageBar {
  label: string;
  seconds: number;
}

const UNITS = [
  { name: 's', seconds: 1 },
  { name: 'min', seconds: 60 },
  { name: 'h', seconds: 3600 },
];

export default function UsageChart({ bars }: { bars: readonly UsageBar[] }) {
  const highest = Math.max(...bars.map((bar) => bar.seconds));
  // The largest unit of which there are some, so that the axis has plain numbers.
  const unit = UNITS.findLast(({ seconds }) => highest >= 3 * seconds) ?? { name: 's', seconds: 1 };
  const data = bars.map(({ label, seconds }) => ({ label, amount: seconds / unit.seconds, seconds }));
  return (
    <ResponsiveContainer width="100%" height={220}>
      <BarChart data={data} margin={{ top: 12, right: 16, bottom: 4, left: 0 }} accessibilityLayer>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="label" tickLine={false} axisLine={false} stroke="var(--dim)" fontSize={11} minTickGap={24} />
        <YAxis tickLine={false} axisLine={false} stroke="var(--dim)" fontSize={11} unit={` ${unit.name}`} width={68} />
        <Tooltip
          cursor={{ fill: 'var(--sunken)' }}
          formatter={(_value, _name, item) => [duration((item.payload as { seconds: number }).seconds), 'Node time']}
          contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 6 }}
        />
        <Bar dataKey="amount" fill="var(--ink)" radius={[3, 3, 0, 0]} maxBarSize={36} isAnimationActive={false} />
      </BarChart>
    </ResponsiveContainer>
  );
}
